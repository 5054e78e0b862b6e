// One run from settings to output: progress on stderr, the result on stdout, the record in its file.

import { writeFile } from 'node:fs/promises'
import { formatRecord } from './record.ts'
import { formatReport } from './report.ts'
import type { Report } from './results.ts'
import type { Settings } from './settings.ts'
import type { Outcome } from './tasks/timed.ts'

/** @param args the command line, for the record */
export async function run(settings: Settings, args: readonly string[]): Promise<void> {
  const { json, record } = settings
  const progress = progressLine()
  let outcome: Outcome
  try {
    outcome = await work(settings, progress.show)
  } finally {
    progress.clear()
  }
  const { reports, versions } = outcome
  for (const report of reports) {
    process.stdout.write(json ? `${JSON.stringify(toJson(report))}\n` : `${formatReport(report)}\n`)
  }
  if (record !== undefined) {
    const command = `npm run -s bench -- ${args.join(' ')}`
    await writeFile(record, formatRecord(reports, { command, versions }))
  }
}

/** The fields that programs rely on come first; the rest says more. */
export function toJson({ task, batch, threads, results, ...more }: Report) {
  return { task, batch, threads, results, ...more }
}

async function work(settings: Settings, show: (text: string) => void): Promise<Outcome> {
  switch (settings.task) {
    case 'infer':
    case 'train':
      return (await import('./tasks/timed.ts')).timedTask(settings.task, settings, show)
    case 'kernels':
      return (await import('./tasks/kernels.ts')).kernelsTask(settings, show)
    case 'memory':
      return (await import('./tasks/memory.ts')).memoryTask(settings, show)
    case 'browser':
      return (await import('./tasks/browser.ts')).browserTask(settings, show)
  }
}

/** A line on stderr that is written over, where a person looks at it. */
function progressLine() {
  const { stderr } = process
  if (!stderr.isTTY) return { show: () => {}, clear: () => {} }
  return {
    show: (text: string) => stderr.write(`\r\x1b[K${text.slice(0, (stderr.columns ?? 80) - 1)}`),
    clear: () => stderr.write('\r\x1b[K'),
  }
}
