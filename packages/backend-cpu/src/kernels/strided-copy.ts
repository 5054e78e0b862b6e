// Transpose, Tile and Reverse of float32 tensors: copies whose elements come from strided places.

import * as tf from '@tensorflow/tfjs'
import type { AlexNetCpuBackend } from '../backend.ts'
import { stridedCopyParameters } from '../generated/layout.ts'
import type { Kernel, KernelArguments } from './kernel.ts'

const TASK_ELEMENTS = 65536
/** Axes that one job copies. */
const MOST_AXES = 4

/** An axis of a result: its length, and the elements of the source from one place to the next. */
interface Axis {
  length: number
  stride: number
}

/** Writes a result from end to end; `first` is the element of the source that comes first. */
function copyAxes(
  backend: AlexNetCpuBackend,
  { from, first, to }: { from: number; first: number; to: number },
  given: readonly Axis[],
): void {
  const axes = joined(given)
  while (axes.length < MOST_AXES) axes.unshift({ length: 1, stride: 0 })
  const outer = axes.splice(0, axes.length - MOST_AXES)
  const [one, second, third, last] = axes as [Axis, Axis, Axis, Axis]
  const rows = one.length * second.length * third.length
  const taskRows = Math.max(1, Math.floor(TASK_ELEMENTS / last.length))
  let places = [first]
  for (const { length, stride } of outer) {
    places = places.flatMap((place) => Array.from({ length }, (_, i) => place + i * stride))
  }
  for (const [n, place] of places.entries()) {
    const values = {
      from: from + place * 4,
      to: to + n * rows * last.length * 4,
      second: second.length,
      third: third.length,
      columns: last.length,
      firstStride: one.stride,
      secondStride: second.stride,
      thirdStride: third.stride,
      stride: last.stride,
      rows,
      taskRows,
    }
    backend.engine.run('stridedCopy', stridedCopyParameters, values, Math.ceil(rows / taskRows))
  }
}

/** The axes with those of one place left out, and those that continue each other in the source as one. */
function joined(axes: readonly Axis[]): Axis[] {
  const result: Axis[] = []
  for (const { length, stride } of axes) {
    if (length === 1) continue
    const before = result.at(-1)
    if (before && before.stride === stride * length) {
      before.length *= length
      before.stride = stride
    } else {
      result.push({ length, stride })
    }
  }
  return result
}

function copied(
  { backend }: KernelArguments,
  name: string,
  x: tf.TensorInfo,
  shape: number[],
  axes: readonly Axis[],
  first = 0,
): tf.TensorInfo {
  const from = backend.address(x)
  const { info, address } = backend.allocate(shape, name)
  copyAxes(backend, { from, first, to: address }, axes)
  return info
}

/** The axes of a tensor as it lies. */
function axesOf({ shape }: tf.TensorInfo): Axis[] {
  const axes: Axis[] = []
  let stride = 1
  for (const length of [...shape].reverse()) {
    axes.unshift({ length, stride })
    stride *= length
  }
  return axes
}

const covered = (x: tf.TensorInfo) => x.dtype === 'float32' && tf.util.sizeFromShape(x.shape) > 0

export const transpose: Kernel = {
  name: 'Transpose',
  run(call, fallback) {
    const x = call.inputs.x!
    if (!covered(x)) return fallback(call)
    const own = axesOf(x)
    const axes = (call.attrs.perm as number[]).map((axis) => own[axis]!)
    return copied(
      call,
      'transpose',
      x,
      axes.map(({ length }) => length),
      axes,
    )
  },
}

export const tile: Kernel = {
  name: 'Tile',
  run(call, fallback) {
    const x = call.inputs.x!
    const times = call.attrs.reps as number[]
    const shape = x.shape.map((length, axis) => length * times[axis]!)
    if (!covered(x) || tf.util.sizeFromShape(shape) === 0) return fallback(call)
    const axes = axesOf(x).flatMap((own, axis) => [{ length: times[axis]!, stride: 0 }, own])
    return copied(call, 'tile', x, shape, axes)
  },
}

export const reverse: Kernel = {
  name: 'Reverse',
  run(call, fallback) {
    const x = call.inputs.x!
    if (!covered(x) || x.shape.length === 0) return fallback(call)
    const turned = tf.util.parseAxisParam(call.attrs.dims as number[], x.shape)
    let first = 0
    const axes = axesOf(x).map(({ length, stride }, axis) => {
      if (!turned.includes(axis)) return { length, stride }
      first += (length - 1) * stride
      return { length, stride: -stride }
    })
    return copied(call, 'reverse', x, x.shape, axes, first)
  },
}
