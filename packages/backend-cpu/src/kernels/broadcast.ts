// How two tensors run beside each other when one repeats along some axes: as jobs of rows × columns, over which an
// operand goes on, stays, or is one number. Axes over which both do the same are one.

import * as tf from '@tensorflow/tfjs'

/** Length of the pieces that a tensor without rows is cut into. */
const PIECE_ELEMENTS = 4096
/** Elements that a job must have for its start to be worth it. */
const LEAST_ELEMENTS = 16

export interface Layout {
  rows: number
  columns: number
  /** Elements of the result: the last row may be shorter. */
  count: number
  /** Elements from one row of an operand to the next. */
  aStride: number
  bStride: number
  /** 1 if the operand is one number a row. */
  aScalar: number
  bScalar: number
}

/** Where the operands of a job begin, in elements; the result's follow each other. */
interface Job {
  a: number
  b: number
}

interface Plan {
  layout: Layout
  jobs: readonly Job[]
}

/** Axes beside each other over which an operand goes on, or repeats. */
interface Run {
  length: number
  a: boolean
  b: boolean
}

/** The jobs of an operation on two shapes, or undefined where they would be too many and too small. */
export function planBroadcast(
  aShape: number[],
  bShape: number[],
  outShape: number[],
): Plan | undefined {
  const runs = runsOf(aShape, bShape, outShape)
  const last = runs.pop() ?? { length: 1, a: true, b: true }
  if (runs.length === 0) return { layout: flat(last), jobs: [{ a: 0, b: 0 }] }
  const rows = runs.pop()!
  const [aColumns, bColumns] = [last.a ? last.length : 1, last.b ? last.length : 1]
  const layout = {
    rows: rows.length,
    columns: last.length,
    count: rows.length * last.length,
    aStride: rows.a ? aColumns : 0,
    bStride: rows.b ? bColumns : 0,
    aScalar: last.a ? 0 : 1,
    bScalar: last.b ? 0 : 1,
  }
  const [aElements, bElements] = [rows.a ? rows.length : 1, rows.b ? rows.length : 1]
  let jobs: Job[] = [{ a: 0, b: 0 }]
  let [aStep, bStep] = [aColumns * aElements, bColumns * bElements]
  if (runs.length > 0 && layout.count < LEAST_ELEMENTS) return undefined
  for (const run of runs.reverse()) {
    const places = Array.from({ length: run.length }, (_, i) => i)
    jobs = places.flatMap((i) =>
      jobs.map(({ a, b }) => ({ a: a + (run.a ? i * aStep : 0), b: b + (run.b ? i * bStep : 0) })),
    )
    if (run.a) aStep *= run.length
    if (run.b) bStep *= run.length
  }
  return { layout, jobs }
}

/** One run alone, in pieces. */
function flat({ length, a, b }: Run): Layout {
  return {
    rows: Math.ceil(length / PIECE_ELEMENTS),
    columns: PIECE_ELEMENTS,
    count: length,
    aStride: a ? PIECE_ELEMENTS : 0,
    bStride: b ? PIECE_ELEMENTS : 0,
    aScalar: a ? 0 : 1,
    bScalar: b ? 0 : 1,
  }
}

function runsOf(aShape: number[], bShape: number[], outShape: number[]): Run[] {
  const runs: Run[] = []
  const goesOn = (shape: number[], axis: number) =>
    (shape[axis - outShape.length + shape.length] ?? 1) > 1
  for (const [axis, length] of outShape.entries()) {
    if (length === 1) continue
    const run = { length, a: goesOn(aShape, axis), b: goesOn(bShape, axis) }
    const before = runs.at(-1)
    if (before?.a === run.a && before.b === run.b) before.length *= length
    else runs.push(run)
  }
  return runs
}

/** The shape of a result. @throws Error when the two do not broadcast */
export const broadcastShape = (a: tf.TensorInfo, b: tf.TensorInfo): number[] =>
  tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape)
