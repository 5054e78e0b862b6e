// Every operation on real ranks, of both MPI libraries where the machine has them, against sums made here.

import { describe, expect, it } from 'vitest'
import { openCommunicator } from './node.ts'
import { rangeOf } from './ranges.ts'
import { has, launch, launchers } from './testing/launch.ts'

interface Report {
  rank: number
  size: number
  library: string
  gathered: string[]
  rooted: number[]
  told: string
  differs: string
  sent: number
  values: number[]
  plain: number[]
  half: number[]
  few: number
  incoming: number[]
}

const numberOf = (rank: number, at: number) =>
  Math.fround(Math.fround(Math.sin(at + rank * 1000) * 10 ** (rank % 3)))

/** Rank 0's plus rank 1's plus …, each sum rounded to float32. */
function sumOf(ranks: number, at: number): number {
  let sum = numberOf(0, at)
  for (let rank = 1; rank < ranks; rank++) sum = Math.fround(sum + numberOf(rank, at))
  return sum
}

describe.each(launchers)('$name', (launcher) => {
  const isHere = has(launcher)

  it.skipIf(!isHere)('gives all ranks the same sums, in the order of the ranks', async () => {
    const ranks = 2
    const { stdout, stderr } = await launch(launcher, ranks, './operations-program.ts')
    const reports = stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Report)
      .sort((a, b) => a.rank - b.rank)
    expect(reports, stderr).toHaveLength(ranks)
    for (const [rank, report] of reports.entries()) {
      expect(report.library).toContain(launcher.name)
      expect([report.rank, report.size]).toEqual([rank, ranks])
      expect(report.values).toEqual(report.values.map((_, at) => sumOf(ranks, at)))
      expect(report.plain).toEqual(report.values)
      expect(report.few).toBe(3)
      // Halves have 11 bits: each number and the sum is off by 2^-11 of it at most.
      for (const [at, value] of report.half.entries()) {
        const size = Math.abs(numberOf(0, at)) + Math.abs(numberOf(1, at))
        expect(Math.abs(value - sumOf(ranks, at))).toBeLessThanOrEqual(2 * size * 2 ** -11)
      }
      expect(report.half).toEqual(reports[0]!.half)
      expect(report.gathered).toEqual(['', 'xxx'])
      expect(report.rooted).toEqual(rank === 1 ? [0, 1] : [])
      expect(report.told).toBe('from 1')
      expect(report.incoming).toEqual([rank, 10 + rank])
      expect(report.differs).toContain('rank 1 differs from rank 0 in recipe')
    }
    // Half of each array leaves each of two ranks twice, of 4 bytes a number or 2.
    const arrays = 2 * 1001 * 4 + 1001 * 2
    expect(reports[0]!.sent).toBeGreaterThan(arrays - 16)
    expect(reports[0]!.sent).toBeLessThan(arrays + 600)
  })

  it.skipIf(!isHere).each([
    ['stopped', /rank 1 of 2 \(process \d+ on .*was not heard of for 3 s/],
    ['late', /rank 1 of 2 \(process \d+ on .*did not take part/],
  ])('ends the job when a rank is %s, and names it', async (how, message) => {
    const { code, stderr, seconds } = await launch(launcher, 2, './failing-program.ts', how)
    expect(stderr).toMatch(message)
    expect(code).not.toBe(0)
    expect(seconds).toBeLessThan(60)
  })

  it.skipIf(!isHere)('is left in peace by a busy process', async () => {
    const { code, stdout, stderr } = await launch(launcher, 2, './busy-program.ts')
    expect(code, stderr).toBe(0)
    expect(stdout.split('\n').filter(Boolean).sort()).toEqual(['{"left":0}', '{"left":1}'])
  })

  it.skipIf(!isHere)('ends the job when a rank is killed', async () => {
    const { code, seconds } = await launch(launcher, 2, './failing-program.ts', 'killed')
    expect(code).not.toBe(0)
    expect(seconds).toBeLessThan(60)
  })
})

describe('a process alone', () => {
  it('loads nothing and gives back what it was given', async () => {
    const communicator = await openCommunicator()
    const values = Float32Array.of(1, 2)
    await communicator.allReduce(values)
    expect([communicator.rank, communicator.size, ...values]).toEqual([0, 1, 1, 2])
    expect(await communicator.allGather(Uint8Array.of(3))).toEqual([Uint8Array.of(3)])
    await communicator.close()
  })
})

describe('rangeOf', () => {
  it('shares everything out once, in order, evenly', () => {
    const ranges = [0, 1, 2, 3].map((rank) => rangeOf(10, rank, 4))
    expect(ranges.map(({ start, end }) => end - start)).toEqual([2, 3, 2, 3])
    expect(ranges.map(({ start }) => start)).toEqual([0, 2, 5, 7])
  })
})
