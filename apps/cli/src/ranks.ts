// Commands under mpirun: every process joins the job, has its share of the processor's threads, and ends all with
// one line when it fails. A process on its own goes straight to its work, with nothing loaded.

import { availableParallelism, cpus } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { agree, type Communicator } from '@alexnet/distributed'
import { launchOf, openCommunicator } from '@alexnet/distributed/node'
import type { EngineOptions } from './backend.ts'
import { mute, tell } from './terminal/print.ts'

/** What every command that can run under mpirun takes. */
export interface RankOptions {
  /** Joins an MPI job though no launcher is seen. */
  distributed?: boolean
  /** Seconds that a rank waits for another within an exchange. */
  deadline?: number
}

/**
 * Does the work in every process of the job; a mistake in one ends all. Rank 0 is the one that writes and talks, the
 * others are silent.
 */
export async function withRanks<O extends RankOptions & EngineOptions, T>(
  options: O,
  work: (communicator: Communicator, options: O) => Promise<T>,
): Promise<T> {
  const communicator = await openCommunicator({
    always: options.distributed ?? false,
    deadlineSeconds: options.deadline,
  })
  if (communicator.size === 1) {
    const result = await work(communicator, options)
    await communicator.close()
    return result
  }
  if (communicator.rank > 0) mute()
  // MPICH's launcher tells of a dead process by its number alone.
  if (!communicator.library.startsWith('Open MPI')) {
    const names = communicator.processes.map((name, rank) => `rank ${rank} is ${name}`)
    tell(names.slice(0, 64).join(', '))
  }
  try {
    const result = await work(communicator, { ...options, ...threadsOf(options) })
    await communicator.close()
    return result
  } catch (error) {
    // Most mistakes all ranks make alike; the first tells.
    if (communicator.rank > 0) await setTimeout(1000)
    if (process.env.ALEXNET_DEBUG) tell(...`${(error as Error).stack}`.split('\n'))
    const reason = (error as Error).message.split('\n').join(' ')
    // Where the job cannot be told any more, the process that failed says it itself.
    return communicator.abort(reason).catch(() => {
      mute(false)
      throw error
    })
  }
}

/** This process's share of the host's processors, unless the launcher has bound it to some, or a number is given. */
function threadsOf({ threads, backend = 'cpu' }: EngineOptions): { threads?: number } {
  if (threads !== undefined || backend !== 'cpu') return {}
  const mine = availableParallelism()
  const local = launchOf()?.localSize ?? 1
  return { threads: mine < cpus().length ? mine : Math.max(1, Math.floor(mine / local)) }
}

/** What rank 0 makes, on every rank; it must survive JSON. */
export async function fromFirst<T>(communicator: Communicator, make: () => Promise<T>): Promise<T> {
  if (communicator.size === 1) return make()
  const own = communicator.rank === 0 ? await make() : undefined
  const text = new TextEncoder().encode(JSON.stringify({ own }))
  const told = new TextDecoder().decode(await communicator.broadcast(text))
  return communicator.rank === 0 ? (own as T) : (JSON.parse(told) as { own: T }).own
}

/** Options that may differ from host to host: they change no number. */
const ownOptions = new Set(
  'out threads workers widen json deadline distributed report keep'.split(' '),
)

/** @throws RankError on all ranks where one has other options, or another of the facts by their names */
export async function requireSame(
  communicator: Communicator,
  options: object,
  facts: Readonly<Record<string, string>>,
): Promise<void> {
  if (communicator.size === 1) return
  const decided = Object.entries(options).filter(([name]) => !ownOptions.has(name))
  const recipe = JSON.stringify(Object.fromEntries(decided.sort(([a], [b]) => (a < b ? -1 : 1))))
  await agree(communicator, { ...facts, 'its options': recipe })
}
