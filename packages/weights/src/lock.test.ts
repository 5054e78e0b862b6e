import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { holdLock, LockedError } from './lock.ts'
import { isAlive, thisProcess } from './owner.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-lock-'))
  path = join(folder, 'the.lock')
})
afterEach(() => rm(folder, { recursive: true }))

const href = (file: string) => JSON.stringify(new URL(file, import.meta.url).href)

/** A process that takes the lock, says so and stays. */
async function holder() {
  const program = `
    import { holdLock } from ${href('./lock.ts')}
    await holdLock(${JSON.stringify(path)})
    console.log('held')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return {
    id: child.pid,
    async kill() {
      child.kill('SIGKILL')
      await once(child, 'close')
    },
  }
}

/** What the lock of a process says that was killed. */
function gone(token: number): string {
  const [, started, place] = thisProcess().split('-')
  const owner = `999999999-${started}-${place}`
  return JSON.stringify({ owner, process: 999999999, host: 'here', token: `${token}` })
}

/** Where the claim on a lock lies that says this. */
const claimOn = (file: string, text: string) =>
  `${file}.${createHash('sha256').update(text).digest('hex').slice(0, 12)}`

describe('a lock', () => {
  it('is one at a time, and given back', async () => {
    const release = await holdLock(path)
    await expect(holdLock(path)).rejects.toThrow(LockedError)
    await release()
    await (await holdLock(path))()
    expect(await readdir(folder)).toEqual([])
  })

  it('of another process holds while that lives, and not a moment longer', async () => {
    const other = await holder()
    await expect(holdLock(path)).rejects.toThrow(`${path} is held by process ${other.id}`)
    await other.kill()
    await (await holdLock(path))()
  })

  it('is had by one of many that find it abandoned', async () => {
    const other = await holder()
    await other.kill()
    const tried = await Promise.allSettled(Array.from({ length: 20 }, () => holdLock(path)))
    const had = tried.filter((one) => one.status === 'fulfilled')
    expect(had).toHaveLength(1)
    await had[0]!.value()
    expect(await readdir(folder)).toEqual([])
  })

  it('is had by one, however those who find it abandoned come between each other', async () => {
    for (let round = 0; round < 30; round++) {
      await writeFile(path, gone(round))
      // One in four comes later, when others are through.
      const tried = await Promise.allSettled(
        Array.from({ length: 40 }, async (_, index) => {
          if (index % 4 === 0) await new Promise((done) => setTimeout(done, index / 8))
          return holdLock(path)
        }),
      )
      const had = tried.filter((one) => one.status === 'fulfilled')
      expect(had).toHaveLength(1)
      await had[0]!.value()
      expect(await readdir(folder)).toEqual([])
    }
  }, 60_000)

  it('is had where one that was taking it was killed', async () => {
    // The lock, the claim on it, and the claim on that.
    let file = path
    for (const text of [0, 1, 2].map(gone)) {
      await writeFile(file, text)
      file = claimOn(file, text)
    }
    const told: string[] = []
    const had = await Promise.all(
      [1, 2, 3].map(async () => {
        const release = await holdLock(path, { wait: true, onWait: (who) => told.push(who) })
        await new Promise((done) => setTimeout(done, 20))
        await release()
      }),
    )
    expect(had).toHaveLength(3)
    expect(new Set(told)).toEqual(new Set([`process ${process.pid}`]))
    expect(await readdir(folder)).toEqual([])
  })

  it('is held by one that was stopped while it took it', async () => {
    const text = gone(0)
    await writeFile(path, text)
    const stopped = { owner: thisProcess(), process: 7, host: 'here', token: 'x' }
    await writeFile(claimOn(path, text), JSON.stringify(stopped))
    await expect(holdLock(path)).rejects.toThrow('is held by process 7')
    expect(await readFile(path, 'utf8')).toBe(text)
  })

  // As process 1 of a container that is gone is seen by process 1 of the next: its number says nothing.
  it.each([
    ['another container', { owner: '1-5k-00000000', process: 1, host: 'gone', token: 'x' }],
    ['an earlier version', 1],
    ['nobody', ''],
  ])('of %s is abandoned when it is silent', async (_, record) => {
    await writeFile(path, JSON.stringify(record))
    const told: string[] = []
    const onWait = (who: string) => told.push(who)
    await (await holdLock(path, { silenceMs: 700, onWait }))()
    expect(told).toEqual([
      typeof record === 'object'
        ? 'process 1 of another machine or container (gone)'
        : 'another process',
    ])
  })

  it('of another container holds while it is touched', async () => {
    const record = { owner: '1-5k-00000000', process: 1, host: 'other', token: 'x' }
    await writeFile(path, JSON.stringify(record))
    let time = Date.now() / 1000 - 3600
    const beat = setInterval(() => void utimes(path, time, time++), 100)
    await expect(holdLock(path, { silenceMs: 2000 })).rejects.toThrow(
      'is held by process 1 of another machine or container (other)',
    )
    clearInterval(beat)
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(record)
  })

  it('is touched while the main thread computes', async () => {
    const release = await holdLock(path)
    await utimes(path, 1000, 1000)
    const { statSync } = await import('node:fs')
    const end = Date.now() + 8000
    while (statSync(path).mtimeMs === 1_000_000 && Date.now() < end);
    expect(statSync(path).mtimeMs).toBeGreaterThan(1_000_000)
    await release()
  }, 20_000)

  it('that cannot be written is one clear line', async () => {
    await expect(holdLock(join(folder, 'none/a.lock'))).rejects.toThrow(/its folder is not there/)
  })
})

describe('an owner', () => {
  it('lives when its number, its start and its place agree', () => {
    const [id, started, place] = thisProcess().split('-')
    expect(isAlive(thisProcess())).toBe(true)
    if (started !== '0') expect(isAlive(`${id}-${started}0-${place}`)).toBe(false)
    expect(isAlive(`999999999-${started}-${place}`)).toBe(false)
    expect(isAlive(`${id}-${started}-00000000`)).toBe(undefined)
  })
})
