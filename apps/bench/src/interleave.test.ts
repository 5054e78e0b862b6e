import { expect, it } from 'vitest'
import type { Engine } from './engine-process.ts'
import { interleave } from './interleave.ts'

/** An engine that claims a time for each iteration and writes down when it is asked. */
function engine(name: string, milliseconds: number, log: string[], failAt = Infinity) {
  let calls = 0
  const ask = async (_: string, iterations: number) => {
    log.push(`${name}${iterations}`)
    if (++calls >= failAt) throw new Error('gave up')
    return milliseconds * iterations
  }
  return {
    name,
    pictures: 4,
    engine: { ask, stop: async () => {} } as unknown as Engine,
  }
}

it('warms up, then alternates, with as many iterations as a turn takes', async () => {
  const log: string[] = []
  const timings = await interleave([engine('a', 400, log), engine('b', 100, log)], {
    rounds: 2,
    pause: 0,
  })
  expect(log).toEqual(['a1', 'a1', 'b1', 'b1', 'a1', 'b3', 'a1', 'b3'])
  expect(timings).toEqual([{ samples: [100, 100] }, { samples: [25, 25] }])
})

it('lets an engine of half a minute take part in two rounds alone', async () => {
  const log: string[] = []
  const [slow] = await interleave([engine('s', 30_000, log)], { rounds: 4, pause: 0 })
  expect(log).toEqual(['s1', 's1', 's1'])
  expect(slow!.samples).toEqual([7500, 7500])
})

it('goes on without an engine that fails', async () => {
  const log: string[] = []
  const timings = await interleave([engine('a', 300, log, 3), engine('b', 300, log)], {
    rounds: 2,
    pause: 0,
  })
  expect(timings[0]).toEqual({ samples: [], failure: 'gave up' })
  expect(timings[1]!.samples).toHaveLength(2)
})
