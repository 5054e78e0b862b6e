// One rank's checkpoint on every rank, so that only that one needs the file system it lies on, and all begin with
// the same bits.

import type { Communicator } from '@alexnet/distributed'
import type { CheckpointTensor, TrainingCheckpoint } from '../checkpoint.ts'

/** Rank 0's checkpoint; the others give none. */
export async function shareCheckpoint(
  communicator: Communicator,
  checkpoint: TrainingCheckpoint | undefined,
): Promise<TrainingCheckpoint> {
  const shapes = checkpoint && [...checkpoint.tensors].map(([name, { shape }]) => ({ name, shape }))
  const own = JSON.stringify({ shapes, metadata: checkpoint?.metadata })
  const told = await communicator.broadcast(new TextEncoder().encode(own))
  const header = JSON.parse(new TextDecoder().decode(told)) as {
    shapes: { name: string; shape: number[] }[]
    metadata: Record<string, string>
  }
  const tensors = new Map<string, CheckpointTensor>()
  for (const { name, shape } of header.shapes) {
    const data = checkpoint?.tensors.get(name)?.data ?? new Float32Array(0)
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    const shared = await communicator.broadcast(bytes)
    tensors.set(name, { dtype: 'float32', shape, data: new Float32Array(shared.slice().buffer) })
  }
  return { tensors, metadata: header.metadata }
}
