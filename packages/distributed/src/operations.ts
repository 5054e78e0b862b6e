// The operations of a communicator as exchanges between pairs of ranks, each a generator that yields what it
// waits for. Sums are made here and not by MPI, so that their order is known: rank 0's numbers plus rank 1's
// plus …, whatever library and network. An all-reduce is a reduce-scatter (each rank sums its own part of the
// array) and an all-gather: 2 (n − 1) / n of the array's bytes leave each rank, the least that is possible.

import { fromHalves, toHalves } from './float16.ts'
import type { Request } from './mpi.ts'
import { rangeOf } from './ranges.ts'

/** What operations need of the thread that runs them. */
export interface Wires {
  readonly rank: number
  readonly size: number
  /** `phase` tells apart the exchanges of one operation between the same two ranks. */
  send(bytes: Uint8Array, peer: number, phase: number): Request
  receive(bytes: Uint8Array, peer: number, phase: number): Request
}

/** Yields requests; goes on when all are done. */
export type Operation<T> = Generator<readonly Request[], T, void>

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** Sends and receives between all pairs; empty arrays do not travel. */
function* exchange(
  wires: Wires,
  phase: number,
  outgoing: (peer: number) => ArrayBufferView,
  incoming: (peer: number) => ArrayBufferView,
): Operation<void> {
  const requests: Request[] = []
  const others = Array.from({ length: wires.size - 1 }, (_, at) => at + 1)
  // Each begins with its next neighbour, so that they do not all talk to rank 0 first.
  for (const away of others) {
    const peer = (wires.rank + wires.size - away) % wires.size
    const room = bytesOf(incoming(peer))
    if (room.length > 0) requests.push(wires.receive(room, peer, phase))
  }
  for (const away of others) {
    const peer = (wires.rank + away) % wires.size
    const bytes = bytesOf(outgoing(peer))
    if (bytes.length > 0) requests.push(wires.send(bytes, peer, phase))
  }
  if (requests.length > 0) yield requests
}

/** The sum over all ranks in place; halves on the wire if asked for. */
export function* allReduce(wires: Wires, values: Float32Array, half: boolean): Operation<void> {
  const { rank, size } = wires
  const part = (of: number) => {
    const { start, end } = rangeOf(values.length, of, size)
    return values.subarray(start, end)
  }
  const own = part(rank)
  // On buffers of their own: small arrays without one lie where the garbage collector moves them.
  const room = (length: number) =>
    half
      ? new Uint16Array(new ArrayBuffer(length * 2))
      : new Float32Array(new ArrayBuffer(length * 4))
  const coded = half ? (room(values.length) as Uint16Array) : undefined
  const codedPart = (of: number) => {
    const { start, end } = rangeOf(values.length, of, size)
    return coded!.subarray(start, end)
  }
  if (coded) toHalves(values, coded)
  const theirs = Array.from({ length: size }, (_, of) => room(of === rank ? 0 : own.length))
  const outgoing = coded ? codedPart : part
  yield* exchange(wires, 0, outgoing, (peer) => theirs[peer]!)
  sumInto(own, theirs, rank)
  if (coded) {
    // All keep the same sums, the rank that made them too: the rounded ones.
    toHalves(own, codedPart(rank))
    yield* exchange(wires, 1, () => codedPart(rank), codedPart)
    fromHalves(coded, values)
  } else {
    yield* exchange(wires, 1, () => own, part)
  }
}

/** own ← theirs[0] + theirs[1] + …, own numbers in their rank's place. */
function sumInto(own: Float32Array, theirs: (Float32Array | Uint16Array)[], rank: number): void {
  if (own.length === 0) return
  const decoded = theirs.map((numbers, of) => {
    if (of === rank) return own
    if (numbers instanceof Float32Array) return numbers
    const wide = new Float32Array(numbers.length)
    fromHalves(numbers, wide)
    return wide
  })
  const sum = rank === 0 ? own : decoded[0]!
  for (let of = 1; of < decoded.length; of++) {
    const added = decoded[of]!
    for (let at = 0; at < sum.length; at++) sum[at] = sum[at]! + added[at]!
  }
  if (sum !== own) own.set(sum)
}

/** Every rank's bytes at the ranks that `root` names: one of them, or all where it is undefined. */
export function* gather(
  wires: Wires,
  bytes: Uint8Array,
  root: number | undefined,
): Operation<Uint8Array[]> {
  const { rank, size } = wires
  const takes = (peer: number) => root === undefined || root === peer
  const none = new Uint8Array(0)
  const length = new Float64Array(new ArrayBuffer(64), 0, 1)
  length[0] = bytes.length
  const lengths = Array.from({ length: size }, () => new Float64Array(new ArrayBuffer(64), 0, 1))
  yield* exchange(
    wires,
    0,
    (peer) => (takes(peer) ? length : none),
    (peer) => (takes(rank) ? lengths[peer]! : none),
  )
  if (!takes(rank)) {
    yield* exchange(
      wires,
      1,
      (peer) => (takes(peer) ? bytes : none),
      () => none,
    )
    return []
  }
  const all = lengths.map((found, of) =>
    of === rank ? bytes : new Uint8Array(new SharedArrayBuffer(found[0]!)),
  )
  yield* exchange(
    wires,
    1,
    (peer) => (takes(peer) ? bytes : none),
    (peer) => all[peer]!,
  )
  return all
}

/** The root's bytes everywhere. */
export function* broadcast(wires: Wires, bytes: Uint8Array, root: number): Operation<Uint8Array> {
  const isRoot = wires.rank === root
  const none = new Uint8Array(0)
  const length = new Float64Array(new ArrayBuffer(64), 0, 1)
  length[0] = bytes.length
  const fromRoot = (array: ArrayBufferView) => (peer: number) => (peer === root ? array : none)
  const toAll = (array: ArrayBufferView) => () => (isRoot ? array : none)
  yield* exchange(wires, 0, toAll(length), fromRoot(length))
  const whole = isRoot ? bytes : new Uint8Array(new SharedArrayBuffer(length[0]!))
  yield* exchange(wires, 1, toAll(whole), fromRoot(whole))
  return whole
}

/** Arrays of known lengths between all pairs. */
export function* exchangeAll(
  wires: Wires,
  outgoing: readonly Float32Array[],
  incoming: readonly Float32Array[],
): Operation<void> {
  yield* exchange(
    wires,
    0,
    (peer) => outgoing[peer]!,
    (peer) => incoming[peer]!,
  )
}
