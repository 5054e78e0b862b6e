// Which tile of the matrix product a device is fastest with: a few are tried when a backend starts, on a
// product as large as those of the network's convolutions, and the winner is remembered for the device, in a
// page beyond its end.

import * as tf from '@tensorflow/tfjs'
import type { AlexNetWebGPUBackend } from './backend.ts'
import { multiply } from './kernels/matrix-product.ts'
import type { Tile } from './kernels/matrix-product.wgsl.ts'
import { candidates, type Tuning } from './tiles.ts'

/** Of the product that is timed: conv3 of eight pictures. */
const shape = { rows: 1352, columns: 384, depth: 1728 }
const REPEATS = 4

const remembered = new Map<string, Tuning>()

/** Times every candidate on the device, or recalls what it came to before. */
export async function tune(backend: AlexNetWebGPUBackend, device: string): Promise<Tuning> {
  const known = remembered.get(device) ?? recall(device)
  if (known) return known
  const { rows, columns, depth } = shape
  const left = backend.makeTensorInfo([rows, depth], 'float32')
  const right = backend.makeTensorInfo([depth, columns], 'float32')
  const result = backend.makeTensorInfo([rows, columns], 'float32')
  const time = async (tile: Tile) => {
    const product = () =>
      multiply(backend, {
        left,
        right,
        result,
        leftKind: 'rows',
        rightKind: 'rows',
        ...shape,
        tile,
      })
    const done = async () => {
      backend.endComputePassEncoder()
      if (backend.commandEncoder) backend.submitQueue()
      await backend.queue.onSubmittedWorkDone()
    }
    product()
    await done()
    const begin = tf.util.now()
    for (let i = 0; i < REPEATS; i++) product()
    await done()
    return tf.util.now() - begin
  }
  let large = candidates[0]!
  let least = Number.POSITIVE_INFINITY
  for (const tile of candidates) {
    const taken = await time(tile)
    if (taken < least) [least, large] = [taken, tile]
  }
  for (const { dataId } of [left, right, result]) backend.disposeData(dataId)
  remembered.set(device, { large })
  keep(device, { large })
  return { large }
}

const storageKey = (device: string) => `alexnet-webgpu tiles of ${device}`

/** From the page's storage; one of today's candidates, or nothing. */
function recall(device: string): Tuning | undefined {
  try {
    const text = globalThis.localStorage?.getItem(storageKey(device))
    const large = candidates.find((tile) => JSON.stringify(tile) === text)
    return large && { large }
  } catch {
    // No storage here (Node, a worker, a page that may not).
    return undefined
  }
}

function keep(device: string, { large }: Tuning): void {
  try {
    globalThis.localStorage?.setItem(storageKey(device), JSON.stringify(large))
  } catch {
    // Tried anew next time.
  }
}
