// The thread that talks to MPI. It alone calls the library, and it never blocks in it: requests are tested in
// turn, so exchanges go on while the calling thread computes, and several at once. It also knows when another
// rank is gone: each rank hears its predecessor's heartbeat twice a second, whatever that one's own work; when
// it falls silent, or an operation waits for a rank longer than the deadline, the job is ended with a line that
// names the rank.

import { writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { Answer, Order, RankSettings } from './messages.ts'
import { Mpi, MpiError, type Request } from './mpi.ts'
import {
  allReduce,
  broadcast,
  exchangeAll,
  gather,
  type Operation,
  type Wires,
} from './operations.ts'

/** Tags of heartbeats, then of operations: two each (MPI grants 32,767 at least). */
const HEARTBEAT = 0
const TAGS = 16_000
/** Milliseconds for the launcher to read why a job ends. */
const LAST_WORDS = 250
const BEAT_SECONDS = 0.5

interface Running {
  readonly id: number
  readonly kind: Order['kind']
  readonly work: Operation<unknown>
  /** Whether other ranks may take as long as they like: one reads or writes for all. */
  readonly patient: boolean
  waiting: readonly Request[]
  since: number
}

/** In the last heartbeat before a rank leaves. */
const LAST = 1
const beatOf = (kind: number) => new Uint8Array(new ArrayBuffer(64), 0, 8).fill(kind)

const now = () => performance.now() / 1000

class Rank {
  readonly #mpi: Mpi
  readonly #settings: RankSettings
  readonly #port: MessagePort
  readonly rank: number
  readonly size: number
  #sequence = 0
  #running: Running[] = []
  #names: string[] = []
  #closing: Order | undefined
  /** The heartbeat that is awaited, the one sent, and when. */
  #heard: { room: Uint8Array; request: Request; at: number } | undefined
  #beat: { request: Request; at: number } | undefined
  #lastTurn = now()

  constructor(mpi: Mpi, settings: RankSettings, port: MessagePort) {
    this.#mpi = mpi
    this.#settings = settings
    this.#port = port
    const { rank, size } = mpi.init()
    if (settings.size !== undefined && settings.size !== size) {
      throw new MpiError(
        `the launcher (${settings.launcher}) started ${settings.size} processes, but ${mpi.path} (${mpi.version}) sees ${size}: it does not belong to this launcher; start with its own mpirun, or name the launcher's library in ALEXNET_MPI`,
      )
    }
    this.rank = rank
    this.size = size
  }

  /** Takes orders until the job is left. */
  serve(): void {
    const { wake } = this.#settings
    this.#introduce()
    let idle = 0
    for (;;) {
      const seen = Atomics.load(wake, 0)
      let moved = false
      for (;;) {
        const order = receiveMessageOnPort(this.#port)?.message as Order | undefined
        if (!order) break
        moved = true
        this.#take(order)
      }
      moved = this.#advance() || moved
      this.#watch()
      if (this.#closing && this.#running.length === 0) break
      idle = moved ? 0 : idle + 1
      if (idle === 0) continue
      // Nothing to do: soon again while data may come, else when there is an order or a beat is due.
      const most = this.#running.length > 0 ? 1 : 100
      Atomics.wait(wake, 0, seen, Math.min(most, 0.02 * idle))
    }
    this.#sayFarewell()
    this.#mpi.finalize()
    this.#answer({ id: this.#closing.id, result: undefined })
  }

  /** Takes the predecessor's last beat and gives its own, so that no message is under way when MPI ends. */
  #sayFarewell(): void {
    if (!this.#heard) return
    const finish = (request: Request) => {
      while (!this.#mpi.test(request)) Atomics.wait(this.#settings.wake, 0, -1, 1)
    }
    if (this.#beat) finish(this.#beat.request)
    finish(this.#mpi.send(beatOf(LAST), (this.rank + 1) % this.size, HEARTBEAT))
    for (;;) {
      finish(this.#heard.request)
      if (this.#heard.room[0] === LAST) return
      this.#listen()
    }
  }

  /** Every rank learns where the others run, and only then is anybody missed. */
  #introduce(): void {
    const name = new TextEncoder().encode(`process ${process.pid} on ${hostname()}`)
    this.#start({ id: -1, kind: 'gather', bytes: name, root: undefined })
  }

  #take(order: Order): void {
    if (order.kind === 'abort') this.#fail(order.reason)
    else if (order.kind === 'close') this.#closing = order
    else this.#start(order)
  }

  #start(order: Order): void {
    const tag = 1 + 2 * (this.#sequence++ % TAGS)
    const [sent, received] = [0, 1]
    const { traffic } = this.#settings
    const wires: Wires = {
      rank: this.rank,
      size: this.size,
      send: (bytes, peer, phase) => {
        traffic[sent]! += bytes.byteLength
        return this.#mpi.send(bytes, peer, tag + phase)
      },
      receive: (bytes, peer, phase) => {
        traffic[received]! += bytes.byteLength
        return this.#mpi.receive(bytes, peer, tag + phase)
      },
    }
    const work = operationOf(order, wires)
    const patient =
      order.kind === 'broadcast' || (order.kind === 'gather' && order.patient === true)
    this.#running.push({ id: order.id, kind: order.kind, work, patient, waiting: [], since: now() })
  }

  /** Moves what is under way; whether anything came of it. */
  #advance(): boolean {
    let moved = false
    for (const running of this.#running) {
      if (!running.waiting.every((request) => this.#mpi.test(request))) continue
      moved = true
      running.since = now()
      const { done, value } = running.work.next()
      if (!done) {
        running.waiting = value as readonly Request[]
        continue
      }
      this.#running = this.#running.filter((one) => one !== running)
      if (running.id >= 0) this.#answer({ id: running.id, result: value })
      else this.#begin(value as Uint8Array[])
    }
    return moved
  }

  #begin(names: readonly Uint8Array[]): void {
    this.#names = names.map((bytes) => new TextDecoder().decode(bytes))
    const { rank, size } = this
    const ready = { rank, size, library: this.#mpi.version, processes: this.#names }
    this.#answer({ id: -1, ready })
    if (size > 1) this.#listen()
  }

  #listen(): void {
    const before = (this.rank + this.size - 1) % this.size
    const room = beatOf(0)
    this.#heard = { room, request: this.#mpi.receive(room, before, HEARTBEAT), at: now() }
  }

  /** Sends and hears heartbeats; ends the job when a rank is silent or late. */
  #watch(): void {
    const time = now()
    const { silenceSeconds, deadlineSeconds } = this.#settings
    // A process that was itself stopped, or a laptop asleep, blames nobody.
    if (time - this.#lastTurn > 2) {
      if (this.#heard) this.#heard.at = time
      for (const running of this.#running) running.since = time
    }
    this.#lastTurn = time
    const late = this.#running.find(
      ({ since, patient }) => !patient && time - since > deadlineSeconds,
    )
    if (late) {
      const peers = late.waiting.filter(({ done, expected }) => !done && expected !== undefined)
      const [peer = late.waiting.find(({ done }) => !done)] = peers
      this.#fail(
        `${this.#nameOf(peer?.peer)} did not take part in an exchange (${late.kind}) within ${deadlineSeconds} s: it hangs, or is at another step`,
      )
    }
    if (!this.#heard) return
    if (this.#heard.room[0] === LAST) {
      // It has left in peace, and so will this rank.
    } else if (this.#mpi.test(this.#heard.request)) {
      if (this.#heard.room[0] !== LAST) this.#listen()
    } else if (time - this.#heard.at > silenceSeconds) {
      const before = this.#heard.request.peer
      this.#fail(
        `${this.#nameOf(before)} was not heard of for ${silenceSeconds} s: it died, was stopped, or its network is gone`,
      )
    }
    if (this.#beat && time - this.#beat.at < BEAT_SECONDS) return
    if (this.#beat && !this.#mpi.test(this.#beat.request)) return
    const next = (this.rank + 1) % this.size
    this.#beat = { request: this.#mpi.send(beatOf(0), next, HEARTBEAT), at: time }
  }

  #nameOf(rank: number | undefined): string {
    if (rank === undefined) return 'a rank'
    const name = this.#names[rank]
    return `rank ${rank} of ${this.size}${name ? ` (${name})` : ''}`
  }

  /** Says why and ends the job. */
  #fail(reason: string): never {
    // Not by the calling thread: it may be the one that hangs.
    writeSync(2, `alexnet: rank ${this.rank}: ${reason}; all ranks end\n`)
    // MPICH's launcher ends with the job, whatever a rank has written that it has not read yet.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LAST_WORDS)
    this.#mpi.abort(1)
    process.kill(process.pid, 'SIGKILL')
    throw new Error(reason)
  }

  /** An error of MPI itself, most often that another rank's connection broke. */
  failed(error: unknown): never {
    const { message, peer } = error as MpiError
    return this.#fail(
      peer === undefined ? message : `${this.#nameOf(peer)} cannot be reached (${message})`,
    )
  }

  #answer(answer: Answer): void {
    this.#port.postMessage(answer)
    Atomics.add(this.#settings.answered, 0, 1)
    Atomics.notify(this.#settings.answered, 0)
  }
}

function operationOf(order: Order, wires: Wires): Operation<unknown> {
  switch (order.kind) {
    case 'allReduce':
      return allReduce(wires, order.values, order.half)
    case 'gather':
      return gather(wires, order.bytes, order.root)
    case 'broadcast':
      return broadcast(wires, order.bytes, order.root)
    case 'exchange':
      return exchangeAll(wires, order.outgoing, order.incoming)
    default:
      throw new Error(`there is no operation ${order.kind}`)
  }
}

const { settings, port } = workerData as { settings: RankSettings; port: MessagePort }
let rank: Rank | undefined
try {
  rank = new Rank(await Mpi.load(settings.launcher), settings, port)
  rank.serve()
} catch (error) {
  if (rank) rank.failed(error)
  port.postMessage({ id: -1, failure: (error as Error).message } satisfies Answer)
}
