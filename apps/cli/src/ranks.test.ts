// The command under mpirun, on two ranks of each MPI that the machine has: the numbers of one process, work that goes
// on after a kill, one line for what is wrong.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { encodePng } from '@alexnet/data'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { start, temporaryFolder } from './testing/run.ts'

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const env = {
  ...process.env,
  NO_COLOR: '1',
  OMPI_ALLOW_RUN_AS_ROOT: '1',
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
}
const launchers = [
  {
    name: 'Open MPI',
    command: 'mpirun.openmpi',
    options: ['--oversubscribe', '--bind-to', 'none'],
  },
  { name: 'MPICH', command: 'mpirun.mpich', options: [] },
]

function has({ command, name }: (typeof launchers)[number]): boolean {
  if (spawnSync(command, ['--version'], { env }).status === 0) return true
  if (process.env.REQUIRE_DEVICES) {
    throw new Error(`REQUIRE_DEVICES: ${name} is missing (Debian: apt install openmpi-bin mpich)`)
  }
  return false
}

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder.remove())

interface Outcome {
  code: number | null
  stdout: string
  stderr: string
}

function launch(
  { command, options }: (typeof launchers)[number],
  args: readonly string[],
  onStart: (child: ChildProcess) => void = () => {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const all = [...options, '-n', '2', process.execPath, main, ...args]
    const child = spawn(command, all, { env, cwd: folder.path })
    const outcome: Outcome = { code: null, stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      outcome.stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      outcome.stderr += text
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ ...outcome, code }))
    onStart(child)
  })
}

const lines = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
const lossesOf = (text: string): number[] =>
  lines(text).flatMap(({ type, loss }) => (type === 'step' ? [loss] : []))

// A picture more than whole batches: the last batch of each epoch is of one picture, and one rank has none of it.
const training = [
  'train',
  'shapes',
  ...['--variant', 'cifar', '--limit', '33', '--validation', '0.1', '--epochs', '1'],
  ...['--batch-size', '16', '--mix-up', '0.4', '--schedule', 'constant', '--json', '--no-report'],
  ...['--learning-rate', '0.0005', '--threads', '1'],
]

describe.each(launchers)('$name', (launcher) => {
  const isHere = has(launcher)
  const slug = launcher.name.replace(' ', '')

  it.skipIf(!isHere)('trains with the bits of one process that adds up two parts', async () => {
    const alone = ['--out', `${slug}-one`, '--micro-batch', '8']
    const one = await start([...training, ...alone], { cwd: folder.path })
    const two = await launch(launcher, [...training, '--out', `${slug}-two`, '--parallel', 'data'])
    expect(two.code, two.stderr).toBe(0)
    expect(lossesOf(two.stdout)).toEqual(lossesOf(one.stdout))
    expect(lossesOf(two.stdout).length).toBeGreaterThan(1)
    const weights = async (name: string) => {
      const checkpoints = join(folder.path, name, 'checkpoints')
      const [last] = (await readdir(checkpoints)).sort().reverse()
      return (await readFile(join(checkpoints, last!))).subarray(-1_000_000)
    }
    expect((await weights(`${slug}-two`)).equals(await weights(`${slug}-one`))).toBe(true)
    const [, epoch] = [one, two].map(({ stdout }) => lines(stdout).find((l) => l.type === 'epoch'))
    expect(epoch.validation.loss).toBe(
      lines(one.stdout).find(({ type }) => type === 'epoch').validation.loss,
    )
  })

  it.skipIf(!isHere)('trains with split linear layers to the same losses', async () => {
    const limit = [...training, '--limit', '32']
    const one = await start([...limit, '--out', `${slug}-whole`], { cwd: folder.path })
    const two = await launch(launcher, [...limit, '--out', `${slug}-split`, '--parallel', 'hybrid'])
    expect(two.code, two.stderr).toBe(0)
    const expected = lossesOf(one.stdout)
    expect(expected.length).toBeGreaterThan(1)
    for (const [step, loss] of lossesOf(two.stdout).entries()) {
      expect(Math.abs(loss / expected[step]! - 1)).toBeLessThan(1e-6)
    }
  })

  it.skipIf(!isHere)('writes the features of one process, and goes on after a kill', async () => {
    const files: string[] = []
    for (let at = 0; at < 24; at++) {
      const data = Uint8Array.from({ length: 32 * 32 * 3 }, (_, index) => (index * (at + 7)) % 251)
      const file = join(folder.path, `${at}.png`)
      await writeFile(file, await encodePng({ width: 32, height: 32, data }))
      files.push(file)
    }
    const command = [
      'features',
      ...files,
      '-w',
      'cifar10',
      '-l',
      'classifier.1',
      '--batch-size',
      '1',
    ]
    await start([...command, '-o', `${slug}-one.npy`], { cwd: folder.path })
    const many = [...command, '-o', `${slug}-two.npy`]
    const parts = join(folder.path, `${slug}-two.npy.parts`)
    await launch(launcher, many, (child) => {
      const timer = setInterval(async () => {
        const names = await readdir(parts).catch(() => [])
        if (names.length < 2) return
        clearInterval(timer)
        child.kill('SIGTERM')
      }, 5)
      child.on('close', () => clearInterval(timer))
    })
    const again = await launch(launcher, many)
    expect(again.code, again.stderr).toBe(0)
    const [one, two] = await Promise.all(
      ['one', 'two'].map((name) => readFile(join(folder.path, `${slug}-${name}.npy`))),
    )
    expect(two!.equals(one!)).toBe(true)
  })

  it.skipIf(!isHere)('ends with one line when what is asked for cannot be', async () => {
    const bad = [...training, '--out', `${slug}-bad`, '--parallel', 'hybrid', '--micro-batch', '4']
    const { code, stderr } = await launch(launcher, bad)
    expect(code).not.toBe(0)
    const own = stderr.split('\n').filter((line) => line.startsWith('alexnet:'))
    expect(own).toHaveLength(1)
    expect(own[0]).toContain('--parallel hybrid: it takes the whole batch')
  })
})
