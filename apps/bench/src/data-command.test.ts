import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { encodeJpeg, shapes } from '@alexnet/data'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-bench-test-'))
  const source = shapes({ count: 3, size: 300 })
  for (let at = 0; at < 3; at++) {
    await writeFile(join(folder, `${at}.jpg`), await encodeJpeg(await source.load(at), 90))
  }
})
afterAll(() => rm(folder, { recursive: true }))

describe('bench data', () => {
  it('gives pictures a second of each way of loading', async () => {
    const args = ['data', '--source', folder, '--peers', 'none', '--rounds', '1', '--json']
    const { stdout } = await run(process.execPath, [main, ...args, '--memory', '30'])
    const { task, results, ratios } = JSON.parse(stdout)
    expect(task).toBe('data')
    expect(
      results.map((one: { work: string; workers: number }) => [one.work, one.workers]),
    ).toEqual([
      ['crop-jpeg', 0],
      ['crop-jpeg', 2],
      ['crop-packed', 0],
      ['crop-packed-uint8', 0],
      ['cifar-batches', 0],
      ['memory', 0],
    ])
    for (const { picturesPerSecond } of results) expect(picturesPerSecond).toBeGreaterThan(1)
    expect(results[5].residentBytes).toHaveLength(10)
    expect(ratios.map(({ what }: { what: string }) => what)).toEqual([
      'packed, against JPEG files',
      'packed as bytes, against JPEG files',
    ])
  })

  it('says what is wrong with the source', async () => {
    const failed = run(process.execPath, [main, 'data', '--source', join(folder, 'none')])
    await expect(failed).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no such folder; --source names one'),
    })
  })
})
