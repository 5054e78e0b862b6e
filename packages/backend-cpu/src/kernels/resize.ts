// ResizeBilinear and ResizeNearestNeighbor of NHWC pictures, and their gradients, which are those of the resizing that
// was done, half-pixel centres and corners included (tfjs's ignore the former).

import * as tf from '@tensorflow/tfjs'
import { resizeParameters } from '../generated/layout.ts'
import type { Kernel, KernelArguments } from './kernel.ts'

/** Channels of a gradient task: two cache lines of each pixel. */
const TASK_CHANNELS = 32

/** A place of the result between two pixels; `share` is that of the second. */
interface Place {
  first: number
  second: number
  share: number
}

interface Axis {
  length: number
  newLength: number
  nearest: boolean
}

/** Where the places of an axis lie, as TensorFlow has it. */
function placesOf({ length, newLength, nearest }: Axis, attrs: KernelArguments['attrs']): Place[] {
  const { alignCorners, halfPixelCenters } = attrs as Record<string, boolean | undefined>
  const corners = alignCorners === true && newLength > 1
  const scale = corners ? (length - 1) / (newLength - 1) : length / newLength
  const inside = (pixel: number) => Math.max(0, Math.min(length - 1, pixel))
  return Array.from({ length: newLength }, (_, place) => {
    if (nearest) {
      const at = scale * (halfPixelCenters ? place + 0.5 : place)
      const pixel = inside(alignCorners ? Math.round(at) : Math.floor(at))
      return { first: pixel, second: pixel, share: 0 }
    }
    const at = halfPixelCenters ? scale * (place + 0.5) - 0.5 : scale * place
    const first = inside(Math.floor(at))
    return { first, second: inside(Math.ceil(at)), share: at - first }
  })
}

/**
 * Runs a kernel of resizing.
 * @param shape of the pictures; `newSize` the height and width that they get
 */
function run(
  { backend, attrs }: KernelArguments,
  kernel: 'resize' | 'resizeGradient',
  nearest: boolean,
  { x, y }: { x: number; y: number },
  shape: number[],
  [newHeight, newWidth]: readonly [number, number],
): void {
  const [batch, height, width, channels] = shape as [number, number, number, number]
  const places = [
    ...placesOf({ length: height, newLength: newHeight, nearest }, attrs),
    ...placesOf({ length: width, newLength: newWidth, nearest }, attrs),
  ]
  const { engine } = backend
  const table = engine.memory.allocate(places.length * 12, () => 'places of resizing')
  const integers = new Int32Array(engine.memory.wasm.buffer, table, places.length * 3)
  const floats = engine.memory.floats(table, places.length * 3)
  for (const [i, { first, second, share }] of places.entries()) {
    integers[3 * i] = first
    integers[3 * i + 1] = second
    floats[3 * i + 2] = share
  }
  const values = {
    x,
    y,
    places: table,
    nearest: nearest ? 1 : 0,
    height,
    width,
    newHeight,
    newWidth,
  }
  const tasks =
    kernel === 'resize' ? batch * newHeight : batch * Math.ceil(channels / TASK_CHANNELS)
  try {
    const all = { ...values, channels, taskChannels: TASK_CHANNELS }
    engine.run(kernel, resizeParameters, all, tasks)
  } finally {
    engine.memory.free(table)
  }
}

const covered = (...tensors: tf.TensorInfo[]) =>
  tensors.every(
    ({ dtype, shape }) =>
      dtype === 'float32' && shape.length === 4 && tf.util.sizeFromShape(shape) > 0,
  )

function forward(name: string, nearest: boolean): Kernel {
  return {
    name,
    run(call, fallback) {
      const { inputs, attrs, backend } = call
      const images = inputs.images!
      const size = attrs.size as [number, number]
      if (!covered(images) || size[0] < 1 || size[1] < 1) return fallback(call)
      const x = backend.address(images)
      const shape = [images.shape[0]!, ...size, images.shape[3]!]
      const { info, address } = backend.allocate(shape, name)
      run(call, 'resize', nearest, { x, y: address }, images.shape, size)
      return info
    },
  }
}

function gradient(name: string, nearest: boolean): Kernel {
  return {
    name,
    run(call, fallback) {
      const { inputs, backend } = call
      const { images, dy } = inputs as Record<'images' | 'dy', tf.TensorInfo>
      if (!covered(images, dy)) return fallback(call)
      const y = backend.address(dy)
      const { info, address } = backend.allocate(images.shape, name)
      const newSize = [dy.shape[1]!, dy.shape[2]!] as const
      run(call, 'resizeGradient', nearest, { x: address, y }, images.shape, newSize)
      return info
    },
  }
}

export const resizeBilinear = forward('ResizeBilinear', false)
export const resizeBilinearGrad = gradient('ResizeBilinearGrad', false)
export const resizeNearestNeighbor = forward('ResizeNearestNeighbor', true)
export const resizeNearestNeighborGrad = gradient('ResizeNearestNeighborGrad', true)
