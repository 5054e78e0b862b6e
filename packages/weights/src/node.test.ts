import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { encodeNpyHeader, readCheckpoint } from './index.ts'
import { readCheckpointFile, replaceFile, saveSafetensors } from './node.ts'
import type { NamedTensor } from './tensor.ts'

const run = promisify(execFile)
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-weights-'))
})
afterAll(() => rm(folder, { recursive: true }))

const tensors = new Map<string, NamedTensor>([
  ['w', { dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) }],
])

it('saves and reads a checkpoint, making its folder', async () => {
  const path = join(folder, 'made/for/it/model.safetensors')
  await saveSafetensors(path, tensors, { a: 'b' })
  const read = await readCheckpointFile(path)
  expect(read.tensors.get('w')).toEqual(tensors.get('w'))
  expect(read.metadata).toEqual({ a: 'b' })
  expect(await readCheckpointFile(pathToFileURL(path))).toEqual(read)
  await expect(readCheckpoint(pathToFileURL(path))).rejects.toThrow(
    'is a file: readCheckpointFile and openCheckpointFile of @alexnet/weights/node read it',
  )
  expect(await readdir(join(folder, 'made/for/it'))).toEqual(['model.safetensors'])
})

it('leaves the old file and no temporary one when writing fails half-way', async () => {
  const path = join(folder, 'kept.bin')
  await writeFile(path, 'old')
  async function* broken() {
    yield new Uint8Array(1000)
    throw new Error('the source broke')
  }
  await expect(replaceFile(path, broken())).rejects.toThrow('the source broke')
  expect(await readFile(path, 'utf8')).toBe('old')
  expect((await readdir(folder)).filter((name) => name.includes('.tmp'))).toEqual([])
})

// Windows has no such limit.
it.skipIf(process.platform === 'win32')(
  'says that there is no room, and keeps the old file',
  async () => {
    const path = join(folder, 'full.safetensors')
    await writeFile(path, 'old')
    const program = `
    import { saveSafetensors } from ${JSON.stringify(new URL('./node.ts', import.meta.url).href)}
    const data = new Float32Array(1 << 20)
    await saveSafetensors(${JSON.stringify(path)}, new Map([['w', { dtype: 'float32', shape: [data.length], data }]]))
      .catch((error) => console.log(error.message))`
    // A limit on the size of any file stands in for the full disk: the same call fails in the same place.
    const { stdout } = await run('bash', [
      '-c',
      'ulimit -f 1024; exec "$0" --input-type=module -e "$1"',
      process.execPath,
      program,
    ])
    expect(stdout).toMatch(
      /full\.safetensors: could not be written: the file would pass the size limit/,
    )
    expect(await readFile(path, 'utf8')).toBe('old')
    expect((await readdir(folder)).filter((name) => name.includes('.tmp'))).toEqual([])
  },
)

it('says what is wrong with a path', async () => {
  await expect(readCheckpointFile(join(folder, 'missing'))).rejects.toThrow(/missing: no such file/)
  await expect(readCheckpointFile(folder)).rejects.toThrow(/is a folder, not a file/)
  await expect(saveSafetensors(join(folder, 'kept.bin/x'), tensors)).rejects.toThrow(/not a folder/)
})

it('writes .npy headers as NumPy does', () => {
  // What numpy.save writes for numpy.zeros((3, 5), 'float32'), and for a vector of 7.
  const text = (shape: number[]) => Buffer.from(encodeNpyHeader(shape)).toString('latin1')
  const expected = (tuple: string) =>
    `\x93NUMPY\x01\x00v\x00${`{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`.padEnd(117)}\n`
  expect(text([3, 5])).toBe(expected('(3, 5)'))
  expect(text([7])).toBe(expected('(7,)'))
})

it('reads a large file without a second copy of it in memory', async () => {
  const path = join(folder, 'large.safetensors')
  const size = 96 * 1024 * 1024
  const data = new Float32Array(size / 4 / 6).fill(1)
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  const parts = new Map(
    names.map((name) => [name, { dtype: 'float32', shape: [data.length], data } as const]),
  )
  await saveSafetensors(path, parts)
  // The peak of a whole process; one that only opens the file is what Node itself takes.
  const peak = async (action: string) => {
    const program = `
      import { openCheckpointFile, readCheckpointFile } from ${JSON.stringify(new URL('./files.ts', import.meta.url).href)}
      const checkpoint = await ${action}(${JSON.stringify(path)})
      console.log(process.resourceUsage().maxRSS * 1024, checkpoint.tensors.size)`
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program])
    const [bytes, count] = stdout.split(' ').map(Number)
    expect(count).toBe(6)
    return bytes!
  }
  const extra = (await peak('readCheckpointFile')) - (await peak('openCheckpointFile'))
  expect(extra).toBeLessThan(size + 64 * 1024 * 1024)
  expect(extra).toBeGreaterThan(size / 2)
})

it.skipIf(process.platform === 'win32').each([
  ['a pipe', 'mkfifo'],
  ['a folder', 'mkdir'],
])('refuses %s at once', async (kind, make) => {
  const path = join(folder, `${make}.safetensors`)
  await run(make, [path])
  await expect(readCheckpointFile(path)).rejects.toThrow(`${path}: is ${kind}, not a file`)
})
