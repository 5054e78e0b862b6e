// What `bench sums` finds, as text for a terminal and as a record.

import { NOISE, recordHead } from './device-record.ts'
import type { DeviceResult } from './device-report.ts'
import type { Summary } from './statistics.ts'
import { type Column, markdownTable, textTable, wrap } from './table.ts'

/** The three that are compared; ours with subgroups only where the device has them. */
export type SumsEngine = 'subgroups' | 'alexnet' | 'tfjs'

export interface SumsResult
  extends Pick<DeviceResult, 'rounds' | 'device' | 'features' | 'software' | 'tfjs' | 'machine'> {
  task: 'sums'
  sums: SumResult[]
}

export interface SumResult {
  name: string
  /** Milliseconds a call. */
  milliseconds: Partial<Record<SumsEngine, Summary>>
  /** Each of ours divided by tfjs's, round by round: below 1 ours is faster. */
  ratio: Partial<Record<SumsEngine, Summary>>
}

const heads: Record<SumsEngine, string> = {
  subgroups: 'subgroups',
  alexnet: 'without',
  tfjs: 'tfjs-webgpu',
}
const engines = Object.keys(heads) as SumsEngine[]

const columns: readonly Column[] = [
  { head: 'work', align: 'left' },
  ...engines.map((engine) => ({ head: heads[engine], align: 'right' as const })),
  { head: 'ratios', align: 'right' },
]

const row = ({ name, milliseconds, ratio }: SumResult) => [
  name,
  ...engines.map((engine) => milliseconds[engine]?.median.toFixed(2) ?? ''),
  [ratio.subgroups, ratio.alexnet].flatMap((one) => one?.median.toFixed(3) ?? []).join(', '),
]

const legend = ({ rounds }: SumsResult) =>
  `Medians of ${rounds} rounds in turn. Nothing stands where subgroups have no use, or the device has none. Ratios are ours divided by tfjs's, by subgroups and without: below 1 ours is faster.`

/** The result as text of at most 80 columns. */
export function formatSums(result: SumsResult): string {
  const { device, software, sums } = result
  return [
    'Sums, means and losses on WebGPU, milliseconds',
    ...wrap(device),
    software,
    '',
    ...textTable(columns, sums.map(row)),
    '',
    ...wrap(legend(result)),
  ].join('\n')
}

/** Markdown of the result, as docs/benchmarks/README.md asks for it. */
export function formatSumsRecord(result: SumsResult): string {
  const { rounds, sums } = result
  return [
    ...recordHead(result, {
      title: 'Sums on WebGPU, by subgroups and without, beside TensorFlow.js',
      question: 'What do subgroups gain where training adds up, and how is it beside tfjs-webgpu?',
      // Losses first.
      answers: [...sums].sort((a, b) => worst(b) - worst(a)).map(answer),
      command: `npm run -s bench -- sums --rounds ${rounds}`,
    }),
    '## Table',
    '',
    ...markdownTable(columns, sums.map(row)),
    '',
    `Milliseconds. ${legend(result)}`,
    '',
    '## Numbers agree',
    '',
    'Within 1e-4, relative to the largest, or nothing is timed.',
    '',
  ].join('\n')
}

const worst = ({ ratio }: SumResult) =>
  Math.max(...Object.values(ratio).map(({ median }) => median))

function answer({ name, ratio, milliseconds: { subgroups, alexnet } }: SumResult): string {
  const { median } = (ratio.subgroups ?? ratio.alexnet)!
  const slower = median > 1 + NOISE ? 'SLOWER: ' : ''
  const gain =
    subgroups && alexnet
      ? `, ${(subgroups.median / alexnet.median).toFixed(2)} of what it takes without subgroups`
      : ''
  return `${name}: ${slower}${median.toFixed(3)} of tfjs's time${gain}.`
}
