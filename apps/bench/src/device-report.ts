// What `bench webgl` and `bench dawn` find, a backend of ours beside tfjs's own on one device, and that as
// text for a terminal.

import type { Machine } from './machine.ts'
import type { Summary } from './statistics.ts'
import { type Column, textTable, wrap } from './table.ts'

export const engines = ['alexnet', 'tfjs'] as const
export type Engine = (typeof engines)[number]

export interface DeviceTaskOptions {
  variant: string
  batch: number
  rounds: number
  work: 'infer' | 'train'
  /** The browser's file, for those that run in one. */
  chromium?: string
  /** Whether such a browser takes the machine's GPU instead of its software driver. */
  gpu?: boolean
}

/** What the device was asked to do for one of tfjs's kernels; independent of the device. */
export interface KernelWork {
  /** Shaders that ran. */
  runs: number
  /** Threads over all of them, where they are known. */
  threads?: number
  /** Of the tensors that they read and wrote. */
  bytes: number
}

export interface DeviceResult {
  task: 'webgl' | 'dawn'
  work: 'infer' | 'train'
  variant: string
  batch: number
  rounds: number
  device: string
  features: string[]
  /** What runs it, with its version. */
  software: string
  /** Version of TensorFlow.js, ours and its own backend's. */
  tfjs: string
  machine: Machine
  /** Milliseconds an iteration. */
  milliseconds: Record<Engine, Summary>
  /** Ours divided by tfjs's, round by round: below 1 ours is faster. */
  ratio: Summary
  /** Largest difference of the outputs, relative to the largest. */
  difference: number
  /** Work of one iteration by kernel. */
  kernels: { kernel: string; ours: KernelWork; tfjs: KernelWork }[]
}

/** Largest relative difference of logits or losses that still is the same network. */
export const SAME = 1e-4

/** The kernels of both in one list. */
export function byKernel(
  ours: Record<string, KernelWork>,
  tfjs: Record<string, KernelWork>,
): DeviceResult['kernels'] {
  const nothing = { runs: 0, bytes: 0 }
  const names = new Set([...Object.keys(tfjs), ...Object.keys(ours)])
  return [...names].map((kernel) => ({
    kernel,
    ours: ours[kernel] ?? nothing,
    tfjs: tfjs[kernel] ?? nothing,
  }))
}

/** All kernels' work of one engine. */
export function total(result: DeviceResult, engine: 'ours' | 'tfjs'): Required<KernelWork> {
  const sum = { runs: 0, threads: 0, bytes: 0 }
  for (const { [engine]: own } of result.kernels) {
    sum.runs += own.runs
    sum.threads += own.threads ?? 0
    sum.bytes += own.bytes
  }
  return sum
}

/** A row for each kernel in which the two differ, and one for all. */
export function kernelTable(result: DeviceResult): { columns: Column[]; rows: string[][] } {
  const counted = result.kernels.some(({ tfjs }) => tfjs.threads !== undefined)
  const right = (head: string): Column => ({ head, align: 'right' })
  const heads = (name: string) => [right(name), ...(counted ? [right('kthr')] : []), right('MB')]
  const cells = ({ runs, threads = 0, bytes }: KernelWork) => [
    String(runs),
    ...(counted ? [(threads / 1e3).toFixed(0)] : []),
    (bytes / 1e6).toFixed(1),
  ]
  const row = (name: string, ours: KernelWork, tfjs: KernelWork) => [
    name,
    ...cells(ours),
    ...cells(tfjs),
  ]
  const differing = result.kernels.filter(
    ({ ours, tfjs }) =>
      ours.runs !== tfjs.runs || ours.bytes !== tfjs.bytes || ours.threads !== tfjs.threads,
  )
  return {
    columns: [{ head: 'kernel', align: 'left' }, ...heads('ours'), ...heads('tfjs')],
    rows: [
      ...differing.map(({ kernel, ours, tfjs }) => row(kernel, ours, tfjs)),
      row('all, those alike too', total(result, 'ours'), total(result, 'tfjs')),
    ],
  }
}

export const titleOf = ({ work, variant, batch }: DeviceResult) =>
  `${work === 'infer' ? 'Inference' : 'A training step'} of ${variant}, batch ${batch}`

export const engineNames = ({ task }: DeviceResult): Record<Engine, string> =>
  task === 'webgl'
    ? { alexnet: 'alexnet-webgl', tfjs: 'tfjs-webgl' }
    : { alexnet: 'alexnet-webgpu', tfjs: 'tfjs-webgpu' }

/** A median with the middle half. */
export const spread = ({ median, low, high }: Summary, digits: number) =>
  `${median.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`

/** The result as text of at most 80 columns. */
export function formatDevice(result: DeviceResult): string {
  const { milliseconds, ratio, device, software, difference } = result
  const names = engineNames(result)
  const { columns, rows } = kernelTable(result)
  const width = names.alexnet.length + 2
  return [
    titleOf(result),
    ...wrap(device),
    `${software}; outputs within ${difference.toExponential(1)}`,
    '',
    ...engines.map(
      (engine) => `${names[engine].padEnd(width)}${spread(milliseconds[engine], 1)} ms`,
    ),
    `${'ratio'.padEnd(width)}${spread(ratio, 2)}; below 1 ours is faster`,
    '',
    ...textTable(columns, rows),
    '',
    ...wrap(legend(result)),
  ].join('\n')
}

/** What the table's numbers are. */
export function legend({ task }: DeviceResult): string {
  return task === 'webgl'
    ? 'Programs that ran, and megabytes of the tensors that they read and wrote.'
    : 'Dispatches, thousands of threads, and megabytes of the buffers they had bound.'
}
