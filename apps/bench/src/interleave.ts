// The rounds: every engine is warmed up, checked, and then timed in turn, A B C A B C, so that a machine
// that slows down or heats up does it to all of them alike.

import type { Engine } from './engine-process.ts'
import { messageOf } from './errors.ts'

/** Shortest turn of an engine, in milliseconds; fast ones do several iterations. */
const SHORTEST_TURN = 250
/** An engine whose turn takes longer takes part in the first rounds only. */
const LONGEST_TURN = 20_000
const ROUNDS_OF_THE_SLOW = 2
/**
 * Milliseconds for the threads of the engine before to fall asleep: ONNX Runtime's spin for about 20 after
 * their last task, PyTorch's (libgomp) for about 70, and would take the next engine's processors.
 */
const PAUSE = 200

export interface Participant {
  name: string
  engine: Engine
  /** Pictures of one iteration. */
  pictures: number
}

export interface Timing {
  /** Milliseconds a picture, a round each. */
  samples: number[]
  /** Why it stopped before the last round. */
  failure?: string
}

export interface InterleaveOptions {
  rounds: number
  /** Milliseconds between turns. Default 200. */
  pause?: number
  onRound?: (round: number, name: string) => void
}

/** Times the participants; the result has their order. */
export async function interleave(
  participants: readonly Participant[],
  { rounds, pause = PAUSE, onRound }: InterleaveOptions,
): Promise<Timing[]> {
  const lanes = participants.map((participant) => ({
    ...participant,
    iterations: 1,
    rounds,
    samples: [] as number[],
    failure: undefined as string | undefined,
  }))
  const turn = async (lane: (typeof lanes)[number], work: () => Promise<void>) => {
    if (lane.failure !== undefined) return
    try {
      await work()
    } catch (error) {
      lane.failure = messageOf(error)
    }
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
  for (const lane of lanes) {
    await turn(lane, async () => {
      onRound?.(0, lane.name)
      // The first compiles and fills caches, the second says how long one takes.
      const first = await lane.engine.ask('run', 1)
      const time = first > LONGEST_TURN ? first : await lane.engine.ask('run', 1)
      lane.iterations = Math.min(1000, Math.max(1, Math.ceil(SHORTEST_TURN / time)))
      if (time > LONGEST_TURN) lane.rounds = Math.min(rounds, ROUNDS_OF_THE_SLOW)
    })
  }
  for (let round = 1; round <= rounds; round++) {
    for (const lane of lanes) {
      if (round > lane.rounds) continue
      await turn(lane, async () => {
        onRound?.(round, lane.name)
        const time = await lane.engine.ask('run', lane.iterations)
        lane.samples.push(time / lane.iterations / lane.pictures)
      })
    }
  }
  return lanes.map(({ samples, failure }) => ({
    samples,
    failure,
  }))
}
