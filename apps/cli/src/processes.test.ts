// The command as a process among others: two of them in one folder, readers that go away, outputs that are
// full, signals, few open files. Runs the built command.

import { execFile } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { encodePng, shapes } from '@alexnet/data'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { start, temporaryFolder } from './testing/run.ts'

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
let folder: Awaited<ReturnType<typeof temporaryFolder>>
const PICTURES = 60

beforeAll(async () => {
  folder = await temporaryFolder()
  const drawn = shapes({ count: PICTURES, size: 32 })
  for (let index = 0; index < PICTURES; index++) {
    const name = join(folder.path, `${String(index).padStart(2, '0')}.png`)
    await writeFile(name, await encodePng(await drawn.load(index)))
  }
})
afterAll(() => folder.remove())

const train = (out: string, more = '') =>
  `train shapes:120 --variant lenet-5 --batch-size 10 --epochs 500 --no-report --threads 1 --json --out ${out}${more}`.split(
    ' ',
  )
const checkpoints = (out: string) => readdir(join(folder.path, out, 'checkpoints'))
const shell = (line: string) =>
  promisify(execFile)('bash', ['-c', line, process.execPath, main], { cwd: folder.path }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  )

// Windows has no bash, and ends a process that is sent a signal without telling it.
const posix = it.skipIf(process.platform === 'win32')

posix('trains in a folder alone, and saves for a terminal that is closed', async () => {
  let second: Promise<unknown> | undefined
  const first = await start(train('one'), {
    cwd: folder.path,
    onStdout: (_, child) => {
      second ??= start(train('one', ' --resume'), { cwd: folder.path }).finally(() =>
        child.kill('SIGHUP'),
      )
    },
  })
  expect(await second).toEqual({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(
      /^alexnet: one is being trained by process \d+: wait until it is done, or name another folder with --out\n$/,
    ),
  })
  expect(first.code).toBe(130)
  expect(await checkpoints('one')).not.toEqual([])
  expect(await readdir(join(folder.path, 'one'))).not.toContain('.lock')
})

it('saves when the reader of its events has had enough', async () => {
  const { code, stderr } = await start(train('read'), {
    cwd: folder.path,
    onStdout: (_, child) => child.stdout!.destroy(),
  })
  expect({ code, stderr }).toEqual({ code: 130, stderr: '' })
  expect(await checkpoints('read')).not.toEqual([])
})

it.skipIf(process.platform !== 'linux')('says in one line that an output is full', async () => {
  const line = 'alexnet: the output cannot be written: ENOSPC: no space left on device, write\n'
  for (const args of ['inspect --variant lenet-5', train('full').join(' ')]) {
    expect(await shell(`"$0" "$1" ${args} > /dev/full`)).toEqual({
      code: 1,
      stdout: '',
      stderr: line,
    })
  }
  expect(await checkpoints('full')).not.toEqual([])
  expect(await shell('"$0" "$1" inspect --variant nosuch 2> /dev/full')).toMatchObject({ code: 1 })
})

posix('needs few open files for a large batch', async () => {
  const { code, stderr } = await shell(
    'ulimit -n 48; "$0" "$1" features *.png --layer classifier.4 --batch-size 5000 --out rows.npy',
  )
  expect(code, stderr).toBe(0)
})

posix('leaves no half file when it is stopped', async () => {
  const before = await readdir(folder.path)
  const files = Array.from({ length: 200 }, () => before.filter((name) => /^\d\d\.png$/.test(name)))
  const args = [
    ...files.flat(),
    '--layer',
    'classifier.4',
    '--batch-size',
    '4',
    '--out',
    'half.npy',
  ]
  const running = start(['features', ...args], {
    cwd: folder.path,
    onStart: async (child) => {
      const isBegun = async () => (await readdir(folder.path)).some((name) => /half/.test(name))
      while (!(await isBegun())) await new Promise((done) => setTimeout(done, 50))
      child.kill('SIGTERM')
    },
  })
  expect((await running).code).toBe(130)
  expect((await readdir(folder.path)).sort()).toEqual(before.sort())
})
