// The command under mpirun, on two ranks of each MPI that the machine has: the numbers of one process, work that goes on
// after a kill, one line for what is wrong.

import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodePng } from '@alexnet/data'
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

describe('a job', () => {
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

  it.skipIf(!isHere)('of features is one table, also when a rank was killed', async () => {
    const files = await Promise.all(
      Array.from({ length: 24 }, async (_, at) => {
        const data = Uint8Array.from({ length: 32 * 32 * 3 }, (_, byte) => (byte * (at + 7)) % 251)
        const file = join(folder.path, `${at}.png`)
        await writeFile(file, await encodePng({ width: 32, height: 32, data }))
        return file
      }),
    )
    const features = ['features', ...files, '-w', 'cifar10', '-l', 'classifier.1']
    const options = ['--batch-size', '2', '--threads', '1', '-o']
    await start([...features, ...options, 'one.npy'], { cwd: folder.path })
    const ranked = [...features, ...options, 'two.npy']
    const killed = launch(openMpi!, ranked, { cwd: folder.path })
    const parts = join(folder.path, 'two.npy.parts')
    const timer = setInterval(async () => {
      const names = await readdir(parts).catch(() => [])
      const rank = names.some((name) => name.endsWith('-1.part')) && processOf(1, 'two.npy')
      if (!rank) return
      clearInterval(timer)
      process.kill(rank, 'SIGKILL')
    }, 5)
    await killed
    clearInterval(timer)
    const again = await launch(openMpi!, ranked, { cwd: folder.path })
    expect(again.code, again.stderr).toBe(0)
    const [one, two] = await Promise.all(
      ['one', 'two'].map((name) => readFile(join(folder.path, `${name}.npy`))),
    )
    expect(two!.equals(one!)).toBe(true)
    await expect(readdir(parts)).rejects.toThrow('ENOENT')
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
