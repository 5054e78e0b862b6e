// A record of `bench webgl` or `bench dawn` as docs/benchmarks/README.md asks for it.

import {
  type DeviceResult,
  engineNames,
  engines,
  kernelTable,
  legend,
  spread,
  titleOf,
  total,
} from './device-report.ts'
import { markdownTable } from './table.ts'

/** A device is as fast as another when the two differ by no more than noise does. */
export const NOISE = 0.02

/** The parts of a record before its table. */
export function recordHead(
  {
    machine,
    device,
    software,
    tfjs,
  }: Pick<DeviceResult, 'machine' | 'device' | 'software' | 'tfjs'>,
  parts: {
    title: string
    question: string
    answers: string[]
    command: string
    /** How tfjs's backends took part. */
    beside?: string
  },
): string[] {
  const { title, question, answers, command } = parts
  const { beside = 'its backend with the same limits on a device of its own' } = parts
  return [
    `# ${title}, ${machine.date.slice(0, 10)}`,
    '',
    '## Question and answer',
    '',
    `${question} Losses first.`,
    '',
    ...answers.map((text) => `- ${text}`),
    '',
    '## Machine',
    '',
    `- ${machine.processor}, ${machine.processors} processors, ${machine.memoryGigabytes} GiB, ${machine.system}`,
    `- Device: ${device}`,
    `- Load in the minute before: ${machine.load}`,
    '',
    '## Software',
    '',
    `- ${software}, this project at ${machine.commit}`,
    `- TensorFlow.js ${tfjs}, ${beside}`,
    '',
    '## Command',
    '',
    '```sh',
    command,
    '```',
    '',
    '`--json` prints the same numbers, every one of them, to contribute those of another device.',
    '',
  ]
}

/** Markdown of the results of one run. @param options as they were given on the command line */
export function formatDeviceRecord(
  results: readonly DeviceResult[],
  options: { variant: string; batch: number; rounds: number; work: string; gpu?: boolean },
): string {
  const [first] = results
  if (!first) throw new Error('a record needs at least one result')
  const { variant, batch, rounds, work } = options
  const names = engineNames(first)
  const api = first.task === 'webgl' ? 'WebGL' : 'WebGPU'
  // Losses first.
  const answers = [...results].sort((a, b) => b.ratio.median - a.ratio.median).map(answer)
  const lines = [
    ...recordHead(first, {
      title: `${api}, ours beside TensorFlow.js's`,
      question: `How does ${names.alexnet} compare with ${names.tfjs} on the same device?`,
      answers,
      command: `npm run -s bench -- ${first.task} --variant ${variant} --batch ${batch} --rounds ${rounds} --work ${work}${options.gpu ? ' --gpu' : ''}`,
    }),
    '## Table',
    '',
    ...markdownTable(
      [
        { head: 'work', align: 'left' },
        ...engines.map((engine) => ({
          head: `${names[engine]}, ms (middle half)`,
          align: 'right' as const,
        })),
        { head: 'ours ÷ tfjs', align: 'right' },
      ],
      results.map((result) => {
        const { milliseconds, ratio } = result
        const row = [
          titleOf(result),
          ...engines.map((engine) => spread(milliseconds[engine], 1)),
          spread(ratio, 2),
        ]
        return ratio.median > 1 + NOISE ? row.map((cell) => `**${cell}**`) : row
      }),
    ),
    '',
    `Medians of ${rounds} rounds, in which the two alternated after a first iteration that compiled the`,
    'shaders; rows in bold are those where ours is slower.',
  ]
  for (const result of results) {
    const { columns, rows } = kernelTable(result)
    lines.push('', `### ${titleOf(result)}, by kernel`, '', ...markdownTable(columns, rows))
  }
  lines.push(
    '',
    `${legend(first)} Kernels that do the same work on both are left out of the rows.`,
    '',
    '## Numbers agree',
    '',
    ...results.map(
      ({ work: own, difference }) =>
        `- ${own === 'infer' ? 'Logits' : 'The loss of the first step'}: within ${difference.toExponential(1)}, relative to the largest.`,
    ),
    '',
  )
  return lines.join('\n')
}

function answer(result: DeviceResult): string {
  const { median } = result.ratio
  const ours = total(result, 'ours')
  const tfjs = total(result, 'tfjs')
  const speed =
    median > 1 + NOISE
      ? `SLOWER than tfjs: ${median.toFixed(2)} of its time`
      : median < 1 - NOISE
        ? `faster than tfjs: ${median.toFixed(2)} of its time`
        : `as fast as tfjs (${median.toFixed(2)} of its time)`
  return `${titleOf(result)}: ${speed}; ${ours.runs} shaders run against ${tfjs.runs}, over ${(ours.bytes / 1e6).toFixed(0)} MB against ${(tfjs.bytes / 1e6).toFixed(0)} MB.`
}
