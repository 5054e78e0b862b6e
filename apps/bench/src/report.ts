// A report as text: the table, what is missing and why, and in a sentence each who is faster, losses as
// plainly as wins.

import { isBusy, type Machine } from './machine.ts'
import type { Absent, Report, Result } from './results.ts'
import { summarize } from './statistics.ts'
import { type Column, textTable, wrap } from './table.ts'

const left = (head: string): Column => ({ head, align: 'left' })
const right = (head: string): Column => ({ head, align: 'right' })

/** Three significant digits, as many decimals as that takes, two at most. */
export function milliseconds(value: number): string {
  if (!Number.isFinite(value)) return '–'
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3)
}

const megabytes = (bytes: number | undefined) =>
  bytes === undefined ? '?' : String(Math.round(bytes / 2 ** 20))
const percent = (share: number | undefined) =>
  share === undefined ? '' : `${Math.round(share * 100)}%`
const difference = (value: number | null) =>
  value === null ? '–' : value === 0 ? '0' : value.toExponential(0)
/** Fits a table; of ours beside ours, the build says enough. */
const shortBuild = (build: string) =>
  build.replace('relaxed-simd', 'relaxed').replace('alexnet ', 'ours ').replace('widened', 'wide')

/** Whether ours is slower than this peer. */
const isLoss = ({ engine, oursRatio }: Result) =>
  engine !== 'alexnet' && oursRatio !== undefined && oursRatio.median > 1

/** Columns and cells of a report, for text and for Markdown. */
export function cells(report: Report): { columns: Column[]; rows: string[][] } {
  const { results, task } = report
  const start = ({ engine, build, threads }: Result) => [engine, shortBuild(build), String(threads)]
  if (task === 'memory') {
    const shares = new Map(memoryRatios(results).map(({ engine, share }) => [engine, share]))
    return {
      columns: [
        left('engine'),
        left('build'),
        right('thr.'),
        right('MiB in steps'),
        right('in all'),
        right('runtime alone'),
        right('ours ÷ it'),
      ],
      rows: results.map((result) => [
        ...start(result),
        megabytes(result.peakBytes),
        megabytes(result.lifetimePeakBytes),
        megabytes(result.runtimeBytes),
        shares.get(result.engine)?.toFixed(2) ?? '',
      ]),
    }
  }
  if (task === 'kernels') return kernelCells(results)
  return {
    columns: [
      left('engine'),
      left('build'),
      right('thr.'),
      right('ms'),
      right('middle half'),
      right('ours ÷ it'),
      ...(report.peak ? [right('peak')] : []),
      right('differs'),
    ],
    rows: results.map((result) => {
      const { low, high } = summarize(result.samples)
      const { oursRatio } = result
      return [
        ...start(result),
        milliseconds(result.msPerPicture),
        `${milliseconds(low)}–${milliseconds(high)}`,
        oursRatio ? `${ratio(oursRatio.median)}${isLoss(result) ? ' slower' : ''}` : '',
        ...(report.peak ? [percent(result.shareOfPeak)] : []),
        difference(result.difference),
      ]
    }),
  }
}

function ratio(value: number): string {
  return value < 0.01 ? value.toExponential(1) : value.toFixed(2)
}

/** A row a kernel, a column an engine. */
function kernelCells(results: Result[]) {
  const name = ({ engine, build }: Result) => (engine === 'alexnet' ? `alexnet ${build}` : engine)
  const engines = [...new Set(results.map(name))]
  const severalOfOurs = engines.filter((engine) => engine.startsWith('alexnet ')).length > 1
  const kernels = [...new Set(results.map(({ layer, pass }) => `${layer} ${pass}`))]
  return {
    columns: [
      left('layer'),
      left('pass'),
      ...engines.map((engine) => right(severalOfOurs ? shortBuild(engine) : engine.split(' ')[0]!)),
      right('peak'),
      right('ours ÷ best'),
    ],
    rows: kernels.map((kernel) => {
      const row = engines.map((engine) =>
        results.find(
          (result) => name(result) === engine && `${result.layer} ${result.pass}` === kernel,
        ),
      )
      const ours = row.find((result) => result?.engine === 'alexnet')
      const rivals = row.filter((result) => result !== undefined && result.engine !== 'alexnet')
      const best = Math.max(0, ...rivals.map((result) => result!.oursRatio?.median ?? 0))
      return [
        ...kernel.split(' '),
        ...row.map((result) => (result ? result.gigaflops!.toFixed(1) : '–')),
        percent(ours?.shareOfPeak),
        best > 0 ? `${ratio(best)}${best > 1 ? ' slower' : ''}` : '',
      ]
    }),
  }
}

/** The whole report. */
export function formatReport(report: Report): string {
  const { columns, rows } = cells(report)
  const lines = [
    ...wrap(title(report)),
    ...describe(report.machine, report).flatMap((line) => wrap(line, '  ')),
    '',
    ...(rows.length > 0 ? textTable(columns, rows) : ['no engine has a result']),
    '',
    ...conclusions(report).flatMap((line) => wrap(line, '  ')),
    ...absences(report).flatMap((line) => wrap(line, '  ')),
    ...wrap(`Compared: ${report.compared}`, '  '),
  ]
  return `${lines.join('\n')}\n`
}

const subjects = {
  infer: 'inference, milliseconds a picture',
  browser: 'inference in a browser, milliseconds a picture',
  train: 'training step (forward, backward, SGD), milliseconds a picture',
  kernels: 'kernels, GFLOP/s',
  memory: 'peak resident memory of training steps, MiB',
}

export function title({ task, variant, size, batch, threads, rounds }: Report): string {
  return `${variant} ${size}×${size}, ${subjects[task]}: batch ${batch}, ${threads} threads, ${rounds} rounds`
}

export function describe(machine: Machine, { peak, browser }: Report): string[] {
  const lines = [
    `${machine.processor}, ${machine.processors} processors, ${machine.memoryGigabytes} GiB, ${machine.system}; ${machine.date}`,
    `Node ${machine.node} (V8 ${machine.v8})${browser ? `, ${browser}` : ''}; commit ${machine.commit}`,
  ]
  if (peak) {
    lines.push(
      `Peak: ${peak.gigaflops.toFixed(0)} GFLOP/s on ${peak.threads} threads, the fastest WebAssembly loop of fused multiply-adds in registers (${peak.build}); native code with wider vectors can exceed it`,
    )
  }
  if (isBusy(machine)) {
    lines.push(
      `CAREFUL: other work ran in the minute before (load ${machine.load}); times mean little`,
    )
  }
  return lines
}

/** Our memory over each peer's. */
function memoryRatios(results: readonly Result[]): { engine: string; share: number }[] {
  const ours = results.find(({ engine }) => engine === 'alexnet')?.peakBytes
  return results.flatMap(({ engine, peakBytes }) =>
    engine !== 'alexnet' && ours && peakBytes ? [{ engine, share: ours / peakBytes }] : [],
  )
}

/** A sentence for each peer, losses first. */
export function conclusions({ results, task }: Report): string[] {
  if (task === 'kernels') return notes(results)
  if (task === 'memory') {
    const shares = memoryRatios(results).sort((a, b) => b.share - a.share)
    return [
      ...shares.map(
        ({ engine, share }) =>
          `${share > 1 ? 'MORE than' : share < 1 ? 'less than' : 'as much as'} ${engine}: ${ratio(share)} of its memory`,
      ),
      ...notes(results),
    ]
  }
  const measured = results.filter(({ oursRatio }) => oursRatio !== undefined)
  const sorted = measured.sort((a, b) => b.oursRatio!.median - a.oursRatio!.median)
  return [
    ...sorted.map((result) => {
      const { median, low, high } = result.oursRatio!
      const name =
        result.engine === 'alexnet'
          ? `ours as ${result.build} on ${result.threads} ${result.threads === 1 ? 'thread' : 'threads'}`
          : result.engine
      const spread = `${ratio(median)} (${ratio(low)}–${ratio(high)}) of its time`
      return isLoss(result)
        ? `SLOWER than ${name}: ${spread}`
        : `${(1 / median).toFixed(median > 0.1 ? 2 : 0)}× as fast as ${name}: ${spread}`
    }),
    ...notes(results),
  ]
}

const notes = (results: Result[]) =>
  results.flatMap(({ engine, note }) => (note ? [`${engine}: ${note}`] : []))

/** A sentence for each engine that has no time and each reason, with the kernels that it holds for. */
export function absences({ absent }: Pick<Report, 'absent'>): string[] {
  const groups = new Map<string, { first: Absent; kernels: string[] }>()
  for (const one of absent) {
    const { engine, build, why, reason, layer, pass } = one
    const key = JSON.stringify([engine, build, why, reason])
    const group = groups.get(key) ?? { first: one, kernels: [] }
    if (layer !== undefined) group.kernels.push(`${layer} ${pass}`)
    groups.set(key, group)
  }
  return [...groups.values()].map(({ first: { engine, build, why, reason }, kernels }) => {
    const where = kernels.length > 0 ? ` (${kernels.join(', ')})` : ''
    const what = `${[engine, build].filter(Boolean).join(' ')}${where}`
    if (why === 'wrong') return `${what} gave WRONG NUMBERS and was not timed: ${reason}`
    return `${what} ${why}: ${reason}`
  })
}
