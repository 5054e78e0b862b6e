// The command under mpirun, on two ranks of each MPI that the machine has: the numbers of one process, runs that go on
// after a kill, one line for what is wrong.

import { cp, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { has, launch, launchers, processOf } from './testing/ranks.ts'
import { start, temporaryFolder } from './testing/run.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder.remove())

const lines = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
const lossesOf = (text: string): number[] =>
  lines(text).flatMap(({ type, loss }) => (type === 'step' ? [loss] : []))
const validationOf = (text: string): number =>
  lines(text).find(({ type }) => type === 'epoch').validation.loss
const tensorsOf = async (run: string) => {
  const checkpoints = join(folder.path, run, 'checkpoints')
  const [last] = (await readdir(checkpoints)).sort().reverse()
  const file = await readFile(join(checkpoints, last!))
  // The tensors alone: hashes and settings stand in the header.
  return file.subarray(8 + Number(file.readBigUInt64LE(0)))
}
/** The largest share by which numbers differ. */
const apart = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((value, at) => Math.abs(value / b[at]! - 1)))

// A picture more than whole batches: the last batch of each epoch is of one picture, and one rank has none of it.
const training = [
  ...['train', 'shapes:17', '--variant', 'lenet-5', '--validation', '0'],
  ...['--epochs', '1', '--batch-size', '8', '--mix-up', '0.4', '--schedule', 'constant'],
  ...['--learning-rate', '0.0005', '--threads', '1', '--json', '--no-report'],
]

describe.each(launchers)('$name', (launcher) => {
  const isHere = has(launcher)
  const slug = launcher.name.replace(' ', '')

  it.skipIf(!isHere)('trains with the bits of one process that adds up two parts', async () => {
    const [alone, ranked] = [`${slug}-alone`, `${slug}-ranked`]
    const one = await start([...training, '--out', alone, '--micro-batch', '4'], {
      cwd: folder.path,
    })
    const two = await launch(launcher, [...training, '--out', ranked, '--parallel', 'data'], {
      cwd: folder.path,
    })
    expect(two.code, two.stderr).toBe(0)
    expect(lossesOf(two.stdout)).toEqual(lossesOf(one.stdout))
    expect(lossesOf(two.stdout)).toHaveLength(3)
    const [a, b] = await Promise.all([alone, ranked].map(tensorsOf))
    expect(b!.equals(a!)).toBe(true)
  })

  it.skipIf(!isHere)('trains with split linear layers to the same losses', async () => {
    const even = ['train', 'shapes:16', ...training.slice(2), '--validation', '0.5', '--out']
    const one = await start([...even, `${slug}-whole`], { cwd: folder.path })
    const hybrid = [...even, `${slug}-split`, '--parallel', 'hybrid']
    const two = await launch(launcher, hybrid, { cwd: folder.path })
    expect(two.code, two.stderr).toBe(0)
    expect(lossesOf(two.stdout)).toHaveLength(2)
    expect(apart(lossesOf(two.stdout), lossesOf(one.stdout))).toBeLessThan(1e-6)
    expect(apart([validationOf(two.stdout)], [validationOf(one.stdout)])).toBeLessThan(1e-6)
  })
})

const [openMpi] = launchers

describe('a run', () => {
  const isHere = has(openMpi!)

  it.skipIf(!isHere)('goes on with as many ranks or one when a rank was killed', async () => {
    const long = ['train', 'shapes:32', ...training.slice(2), '--checkpoint-every', '1', '--out']
    const whole = await launch(openMpi!, [...long, 'whole'], { cwd: folder.path })
    expect(whole.code, whole.stderr).toBe(0)
    const killed = await launch(openMpi!, [...long, 'killed'], {
      cwd: folder.path,
      onOutput: (stdout) => {
        if (!stdout.includes('"type":"checkpoint"')) return
        const rank = processOf(1, 'killed')
        if (rank) process.kill(rank, 'SIGKILL')
      },
    })
    expect(killed.code).not.toBe(0)
    await cp(join(folder.path, 'killed'), join(folder.path, 'alone'), { recursive: true })
    const again = ['train', 'shapes:32', '--resume', '--threads', '1', '--json', '--no-report']
    const two = await launch(openMpi!, [...again, '--out', 'killed'], { cwd: folder.path })
    const one = await start([...again, '--out', 'alone'], { cwd: folder.path })
    const rest = lossesOf(two.stdout)
    expect(rest.length, two.stderr).toBeGreaterThan(0)
    expect(rest.length).toBeLessThan(4)
    const expected = lossesOf(whole.stdout).slice(-rest.length)
    expect(rest).toEqual(expected)
    expect(apart(lossesOf(one.stdout), expected)).toBeLessThan(1e-6)
  })

  it.skipIf(!isHere)('ends with one line when what is asked for cannot be', async () => {
    const bad = [...training, '--out', 'bad', '--parallel', 'hybrid', '--micro-batch', '2']
    const { code, stderr } = await launch(openMpi!, bad, { cwd: folder.path })
    expect(code).not.toBe(0)
    const own = stderr.split('\n').filter((line) => line.startsWith('alexnet:'))
    expect(own).toHaveLength(1)
    expect(own[0]).toContain('--parallel hybrid: it takes the whole batch')
  })
})
