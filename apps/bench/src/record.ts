// A benchmark record as docs/benchmarks/README.md asks for it: question and answer, machine, software,
// command, table, and how the numbers were compared.

import { absences, cells, conclusions, describe, title } from './report.ts'
import type { Report } from './results.ts'
import { markdownTable } from './table.ts'

const subjects: Record<Report['task'], string> = {
  infer: 'Inference',
  browser: 'Inference in a browser',
  train: 'Training step',
  kernels: 'Kernels',
  memory: 'Memory of training steps',
}

export interface RecordOptions {
  /** The command line that repeats it. */
  command: string
  /** Versions of the peers by name. */
  versions: Record<string, string>
}

/** Markdown of one or several reports of one run. */
export function formatRecord(reports: readonly Report[], options: RecordOptions): string {
  const [first] = reports
  if (!first) throw new Error('a record needs at least one report')
  const { machine } = first
  const lines = [
    `# ${subjects[first.task]} of ${first.variant}, ${machine.date.slice(0, 10)}`,
    '',
    '## Question and answer',
    '',
    `How does this project compare with its peers? ${question(first)}`,
    '',
    ...reports.flatMap((report) => [
      `- Batch ${report.batch}: ${conclusions(report).join('; ') || 'nothing to compare with'}.`,
    ]),
    '',
    '## Machine',
    '',
    ...describe(machine, first).map((line) => `- ${line}`),
    `- Threads used: ${first.threads}; load in the minute before: ${machine.load}`,
    '',
    '## Software',
    '',
    `- Node ${machine.node}, this project at ${machine.commit}${first.browser ? `, ${first.browser}` : ''}`,
    ...Object.entries(options.versions).map(([name, version]) => `- ${name} ${version}`),
    '',
    '## Command',
    '',
    '```sh',
    options.command,
    '```',
    '',
    '## Table',
  ]
  for (const report of reports) {
    const { columns, rows } = cells(report)
    const marked = rows.map((row) =>
      row.some((cell) => cell.endsWith(' slower')) ? row.map(bold) : row,
    )
    lines.push('', `${title(report)}.`, '', ...markdownTable(columns, marked))
    const missing = absences(report)
    if (missing.length > 0) lines.push('', ...missing.map((line) => `- ${line}`))
  }
  lines.push(
    '',
    'Medians over the rounds, in which the engines alternated after a warm-up, each in a process of its',
    'own; half of the rounds lie within the middle half. “ours ÷ it” is the median of the ratios round by',
    'round, below 1 where this project is faster; rows in bold are those where it is slower.',
    '',
    '## Numbers agree',
    '',
    capital(first.compared),
    '',
  )
  return lines.join('\n')
}

function question({ task }: Report): string {
  if (task === 'kernels') return 'Kernel by kernel, in GFLOP/s.'
  if (task === 'memory') return 'By the most memory that was resident during training steps.'
  return 'Losses first.'
}

const bold = (cell: string) => (cell === '' ? cell : `**${cell}**`)
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
