import { execFile } from 'node:child_process'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hostileFiles } from './testing/hostile.ts'

const run = promisify(execFile)
const MIB = 1024 * 1024
/** Milliseconds of the processor for a file up to 32 MiB. */
const MOST_TIME = 2000

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-hostile-'))
})
afterAll(() => rm(folder, { recursive: true }))

// Each in a process of its own, whose peak of memory is that of reading it.
describe('reads or refuses, in 2 s and 8 times the file and 64 MiB', () => {
  it.each(Object.keys(hostileFiles))('%s', async (name) => {
    const path = join(folder, `${name.replaceAll(' ', '-')}.bin`)
    await writeFile(path, hostileFiles[name]!(1))
    const { size } = await stat(path)
    expect(size).toBeLessThanOrEqual(32 * MIB + 8)
    // Not counted by scripts/coverage, whose time and memory would count here.
    const env = { ...process.env, NODE_V8_COVERAGE: undefined }
    let taken = { outcome: '', processor: 0, memory: 0 }
    const most = 8 * size + 64 * MIB
    // A busy machine and garbage that waits only add to it: a file that takes too much takes it every time.
    for (let tries = 3, isOver = true; tries > 0 && isOver; tries--) {
      const { stdout } = await run(process.execPath, ['scripts/hostile.ts', name, path], { env })
      taken = JSON.parse(stdout)
      expect(taken.outcome).toMatch(/^(\d+ tensors|CheckpointError: .*)$/s)
      isOver = taken.processor >= MOST_TIME || taken.memory >= most
    }
    await rm(path)
    expect(taken.processor).toBeLessThan(MOST_TIME)
    expect(taken.memory).toBeLessThan(most)
  })
})
