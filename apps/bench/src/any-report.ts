// What `bench any` finds, as text for a terminal and as a record.

import { NOISE, recordHead } from './device-record.ts'
import type { DeviceResult } from './device-report.ts'
import type { Summary } from './statistics.ts'
import { type Column, markdownTable, textTable, wrap } from './table.ts'

export const anyPeers = ['tfjs-cpu', 'tfjs-wasm'] as const
export type AnyPeer = (typeof anyPeers)[number]
export type AnyEngine = 'alexnet' | AnyPeer
export const anyNetworkNames = ['mobilenet', 'resnet', 'unet', 'head', 'lstm'] as const
export type AnyNetworkName = (typeof anyNetworkNames)[number]
export type AnyWork = 'infer' | 'train'

export interface AnyResult
  extends Pick<DeviceResult, 'rounds' | 'device' | 'features' | 'software' | 'tfjs' | 'machine'> {
  task: 'any'
  rows: AnyRow[]
}

export interface JavaScriptShare {
  /** Part of ours' time that is spent in tfjs's plain JavaScript. */
  share: number
  /** The kernels that take a part worth naming, the largest first. */
  kernels: { name: string; share: number }[]
}

export interface AnyRow {
  network: AnyNetworkName
  work: AnyWork
  batch: number
  /** Largest difference from ours' numbers, relative to the largest of a tensor. */
  difference: number
  /** Milliseconds a batch. */
  milliseconds: Partial<Record<AnyEngine, Summary>>
  /** Ours divided by it, round by round: below 1 ours is faster. */
  ratio: Partial<Record<AnyEngine, Summary>>
  /** Why a peer has no time. */
  absent: Partial<Record<AnyEngine, string>>
  /** What the timed steps left behind: nothing, where all is well. */
  held: { tensors: number; bytes: number }
  javascript: JavaScriptShare
}

const engines: readonly AnyEngine[] = ['alexnet', ...anyPeers]

const columns: readonly Column[] = [
  { head: 'network, batch', align: 'left' },
  { head: 'work', align: 'left' },
  ...engines.map((engine) => ({ head: engine, align: 'right' as const })),
  { head: '÷ cpu', align: 'right' },
  { head: '÷ wasm', align: 'right' },
  { head: 'JavaScript', align: 'right' },
]

const percent = (share: number) => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)}%`

const cells = ({ network, batch, work, milliseconds, ratio, javascript }: AnyRow) => [
  `${network}, ${batch}`,
  work,
  ...engines.map((engine) => milliseconds[engine]?.median.toFixed(1) ?? ''),
  ratio['tfjs-cpu']?.median.toFixed(3) ?? '',
  ratio['tfjs-wasm']?.median.toFixed(2) ?? '',
  percent(javascript.share),
]

const legend = ({ rounds }: AnyResult) =>
  `Milliseconds a batch, medians of ${rounds} rounds in turn. Ratios are ours divided by theirs: below 1 ours is faster. JavaScript: the part of ours' time that is spent in kernels which it leaves to tfjs.`

/** Lines that tell which kernels those are, what was not timed, and what stayed behind. */
function remarks({ rows }: AnyResult): string[] {
  return rows.flatMap(({ network, work, javascript, absent, held }) => {
    const own = javascript.kernels.map(({ name, share }) => `${name} ${percent(share)}`)
    const title = `${network}, ${work}`
    return [
      ...(own.length > 0 ? [`${title}, in JavaScript: ${own.join(', ')}.`] : []),
      ...Object.entries(absent).map(([engine, reason]) => `${title}, no ${engine}: ${reason}`),
      ...(held.tensors !== 0 || held.bytes !== 0
        ? [`${title}: the steps LEFT ${held.tensors} tensors and ${held.bytes} bytes.`]
        : []),
    ]
  })
}

/** The result as text of at most 80 columns. */
export function formatAny(result: AnyResult): string {
  return [
    'Networks that are not AlexNet, by tf.layers',
    ...wrap(result.device),
    result.software,
    '',
    ...textTable(columns, result.rows.map(cells)),
    '',
    ...wrap(legend(result)),
    ...remarks(result).flatMap((line) => wrap(line)),
  ].join('\n')
}

/** Markdown of the result, as docs/benchmarks/README.md asks for it. @param command as it was given */
export function formatAnyRecord(result: AnyResult, command: string): string {
  return [
    ...recordHead(result, {
      title: "Networks that are not AlexNet, on our CPU backend beside TensorFlow.js's",
      question: 'What does a tfjs program gain by installing the CPU backend?',
      // Losses first.
      answers: [...result.rows].sort((a, b) => worst(b) - worst(a)).map(answer),
      command,
      beside: 'its backends on one thread in the same process',
    }),
    '## Table',
    '',
    ...markdownTable(columns, result.rows.map(cells)),
    '',
    legend(result),
    '',
    ...remarks(result).map((line) => `- ${line}`),
    '',
    '## Numbers agree',
    '',
    'Outputs, or the gradient of every weight, within 1e-3, relative to the largest, or nothing is timed.',
    '',
  ].join('\n')
}

const worst = ({ ratio }: AnyRow) => Math.max(...Object.values(ratio).map(({ median }) => median))

function answer({ network, work, ratio, milliseconds }: AnyRow): string {
  const parts = Object.entries(ratio).map(
    ([engine, { median }]) =>
      `${median > 1 + NOISE ? 'SLOWER: ' : ''}${median.toFixed(3)} of ${engine}'s time`,
  )
  const alone = `${milliseconds.alexnet?.median.toFixed(1)} ms a batch`
  return `${network}, ${work}: ${parts.join(', ') || alone}.`
}
