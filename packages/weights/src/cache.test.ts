import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listWeights, pullWeights, removeWeights, verifyWeights, weightsFolder } from './cache.ts'
import { DownloadError } from './error.ts'
import { holdLock } from './lock.ts'
import type { DownloadProgress } from './pull.ts'
import { getWeightRecord, type WeightRecord, weightRecords } from './registry.ts'

const content = Uint8Array.from(
  { length: 300_000 },
  (_, i) => (Math.imul(i, 2654435761) >>> 11) & 255,
)
const NAME = 'tiny-1234.safetensors'

/** One answer of the server; the last one goes on for ever. */
type Answer = (request: IncomingMessage, response: ServerResponse, start: number) => void

let folder: string
let server: Server
let base: string
let answers: Answer[]
let asked: string[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-cache-'))
  answers = [whole]
  asked = []
  server = createServer((request, response) => {
    asked.push(request.headers.range ?? 'all')
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const answer = answers.length > 1 ? answers.shift()! : answers[0]!
    answer(request, response, start)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(folder, { recursive: true })
})

const head = (response: ServerResponse, start: number, length = content.length) =>
  start > 0
    ? response.writeHead(206, {
        'content-range': `bytes ${start}-${length - 1}/${length}`,
        'content-length': length - start,
      })
    : response.writeHead(200, { 'content-length': length })

const whole: Answer = (_, response, start) => head(response, start).end(content.subarray(start))
/** Drops the connection once so many bytes are in the file: what is on its way then would be lost. */
const dropAfter =
  (count: number, bytes = content): Answer =>
  async (_, response, start) => {
    head(response, start).write(bytes.subarray(start, start + count))
    const arrived = async () =>
      (await stat(join(folder, `${NAME}.part`)).catch(() => undefined))?.size
    while (!response.destroyed && ((await arrived()) ?? 0) < start + count) await sleep(10)
    response.destroy()
  }
const withoutRanges: Answer = (_, response) => head(response, 0).end(content)
const wrongBytes: Answer = (_, response, start) =>
  head(response, start).end(content.map((byte) => byte ^ 1).subarray(start))
const status =
  (code: number): Answer =>
  (_, response) =>
    response.writeHead(code).end('no')

const record = (): WeightRecord => ({
  ...weightRecords[0]!,
  name: 'tiny',
  urls: [`${base}/${NAME}`],
  bytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
})
const pull = (options: Parameters<typeof pullWeights>[1] = {}) =>
  pullWeights(record(), { folder, pauseMs: 5, ...options })
const files = () => readdir(folder)

describe('a download', () => {
  it('arrives, tells its progress, and is not repeated without a network', async () => {
    const progress: DownloadProgress[] = []
    const path = await pull({ onProgress: (now) => progress.push(now) })
    expect(path).toBe(join(folder, NAME))
    expect(new Uint8Array(await readFile(path))).toEqual(content)
    expect(progress[0]).toEqual({ received: 0, total: content.length, resumedFrom: 0 })
    expect(progress.at(-1)!.received).toBe(content.length)
    expect(await files()).toEqual([NAME])
    server.closeAllConnections()
    answers = [status(500)]
    expect(await pull()).toBe(path)
    expect(asked).toEqual(['all'])
  })

  it('goes on where a dropped connection ended', async () => {
    answers = [dropAfter(100_000), dropAfter(50_000), whole]
    const path = await pull()
    expect(new Uint8Array(await readFile(path))).toEqual(content)
    expect(asked).toEqual(['all', 'bytes=100000-', 'bytes=150000-'])
  })

  it('goes on in a later call, and starts anew where the server knows no ranges', async () => {
    answers = [dropAfter(100_000), status(503)]
    await expect(pull()).rejects.toThrow(/answered 503.*0 MB are there already.*goes on/)
    expect((await listWeights({ folder }, [record()]))[0]).toMatchObject({
      state: 'partial',
      bytes: 100_000,
    })
    answers = [withoutRanges]
    const progress: DownloadProgress[] = []
    const path = await pull({ onProgress: (now) => progress.push(now) })
    expect(progress[0]!.resumedFrom).toBe(100_000)
    expect(new Uint8Array(await readFile(path))).toEqual(content)
  })

  it('counts silence as a broken connection', async () => {
    answers = [(_, response) => void head(response, 0).write(content.subarray(0, 1000)), whole]
    await pull({ stallMs: 1000 })
    expect(asked).toEqual(['all', 'bytes=1000-'])
  })

  it('stops when it is told to, and keeps what is there', async () => {
    answers = [(_, response) => void head(response, 0).write(content.subarray(0, 1000)), whole]
    const controller = new AbortController()
    const pulling = pull({
      signal: controller.signal,
      onProgress: ({ received }) => received > 0 && controller.abort(new Error('enough')),
    })
    await expect(pulling).rejects.toThrow('enough')
    await pull()
    expect(asked).toEqual(['all', 'bytes=1000-'])
  })

  it('is made once when two programs want it at the same time', async () => {
    answers = [
      (_, response) => {
        head(response, 0).write(content.subarray(0, 1000))
        setTimeout(() => response.end(content.subarray(1000)), 300)
      },
    ]
    const program = `
      import { pullWeights } from ${JSON.stringify(new URL('./cache.ts', import.meta.url).href)}
      const record = ${JSON.stringify(record())}
      console.log(await pullWeights(record, { folder: ${JSON.stringify(folder)} }))`
    const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', program])
    const [first, second] = await Promise.all([run(), run()])
    expect(first.stdout).toBe(second.stdout)
    expect(asked).toEqual(['all'])
    expect(await files()).toEqual([NAME])
  })

  it('is not kept up by the lock of a process that is gone', async () => {
    const program = `
      import { holdLock } from ${JSON.stringify(new URL('./lock.ts', import.meta.url).href)}
      await holdLock(${JSON.stringify(join(folder, `${NAME}.lock`))})
      process.kill(process.pid, 'SIGKILL')`
    const killed = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program])
    await expect(killed).rejects.toMatchObject({ signal: 'SIGKILL' })
    expect(await files()).toEqual([`${NAME}.lock`])
    await pull()
    expect(await files()).toEqual([NAME])
  })

  it('says whom it waits for, and stops waiting when it is told to', async () => {
    const release = await holdLock(join(folder, `${NAME}.lock`))
    const controller = new AbortController()
    const holders: string[] = []
    const onWait = (holder: string) => {
      holders.push(holder)
      setTimeout(() => controller.abort(new Error('enough')), 400)
    }
    await expect(pull({ onWait, signal: controller.signal })).rejects.toThrow('enough')
    expect(holders).toEqual([`process ${process.pid}`])
    await release()
    await pull({ onWait })
    expect(await files()).toEqual([NAME])
  })
})

describe('a server that cannot be trusted', () => {
  it('does not get wrong bytes into the cache', async () => {
    answers = [wrongBytes]
    await expect(pull()).rejects.toThrow(DownloadError)
    await expect(pull()).rejects.toThrow(/sent other bytes than the published ones/)
    expect(await files()).toEqual([])
  })

  it('gets a second chance when what was there before may have been bad', async () => {
    await writeFile(join(folder, `${NAME}.part`), new Uint8Array(5000))
    expect(new Uint8Array(await readFile(await pull()))).toEqual(content)
    expect(asked).toEqual(['bytes=5000-', 'all'])
  })

  it.each<[string, Answer, RegExp]>([
    [
      'offers another file',
      (_, r) => r.end('<html>log in</html>'),
      /offers 19 bytes where the file has 300000/,
    ],
    [
      'sends more than it should, without a length',
      (_, r) => {
        r.writeHead(200).write(content)
        r.end(content)
      },
      /sends more than the 300000 bytes/,
    ],
    [
      'claims more than it should',
      (_, r) => head(r, 0, content.length + 5).end(content),
      /offers 300005 bytes/,
    ],
    ['has no such file', status(404), /tiny-1234\.safetensors: it answered 404/],
  ])('%s', async (_, answer, message) => {
    answers = [answer]
    await expect(pull()).rejects.toThrow(message)
    await expect(pull()).rejects.toThrow(/weights 'tiny'/)
    expect(await files()).toEqual([])
  })

  it('ends too early without a word', async () => {
    answers = [(_, response) => response.writeHead(200).end(content.subarray(0, 1000)), whole]
    await pull()
    expect(asked).toEqual(['all', 'bytes=1000-'])
  })

  it('sends another part than it was asked for', async () => {
    await writeFile(join(folder, `${NAME}.part`), content.subarray(0, 5000))
    answers = [(_, response) => head(response, 7).end(content.subarray(7))]
    await expect(pull()).rejects.toThrow(/another part of the file/)
  })
})

describe('several addresses', () => {
  /** A server of its own that gives one answer, and how often it was asked. */
  async function serve(answer: Answer): Promise<{ url: string; asked: () => number }> {
    let count = 0
    const own = createServer((request, response) => {
      count++
      if (inTurn.at(-1) !== url) inTurn.push(url)
      answer(request, response, Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0))
    })
    await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve))
    servers.push(own)
    const url = `http://127.0.0.1:${(own.address() as AddressInfo).port}/${NAME}`
    return { url, asked: () => count }
  }
  let servers: Server[] = []
  /** Addresses that were asked, one after the other. */
  let inTurn: string[] = []
  afterEach(async () => {
    inTurn = []
    for (const own of servers) own.closeAllConnections()
    await Promise.all(servers.map((own) => new Promise((resolve) => own.close(resolve))))
    servers = []
  })
  const silent: Answer = (_, response, start) =>
    void head(response, start).write(content.subarray(start, start + 1000))
  const open: Answer = (request, response, start) => {
    response.setHeader('access-control-allow-origin', '*')
    whole(request, response, start)
  }
  /** fetch as a page of another server has it: an answer without leave to read it is none. */
  const asPage: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    if (response.headers.has('access-control-allow-origin')) return response
    await response.body?.cancel()
    throw new TypeError('Failed to fetch')
  }

  it('are tried in turn, until one has the right bytes', async () => {
    const wrong = await serve(wrongBytes)
    const slow = await serve(silent)
    const missing = await serve(status(404))
    const good = await serve(whole)
    const last = await serve(whole)
    const urls = [wrong, slow, missing, good, last].map(({ url }) => url)
    const options = { folder, pauseMs: 1, stallMs: 300, attempts: 2 }
    const path = await pullWeights({ ...record(), urls }, options)
    expect(new Uint8Array(await readFile(path))).toEqual(content)
    expect(await files()).toEqual([NAME])
    // Not how often each: on a busy machine any server may be silent for so long.
    expect(inTurn).toEqual([wrong, slow, missing, good].map(({ url }) => url))
    expect([slow, last].map((own) => own.asked())).toEqual([2, 0])
  })

  it('are passed over by pages that may not read them', async () => {
    const closed = await serve(whole)
    const urls = [closed.url, (await serve(open)).url]
    const options = { folder, pauseMs: 1, attempts: 2, fetch: asPage }
    expect(await pullWeights({ ...record(), urls }, options)).toBe(join(folder, NAME))
    expect(closed.asked()).toBe(2)
  })

  it('that all fail are listed with what happened, and with what helps', async () => {
    const urls = [wrongBytes, silent, status(404), status(503)].map(async (answer) => {
      return (await serve(answer)).url
    })
    const tried = { ...record(), urls: await Promise.all(urls) }
    const options = { folder, pauseMs: 1, stallMs: 1000, attempts: 1 }
    const error = await pullWeights(tried, options).catch((failure: DownloadError) => failure)
    expect(error).toBeInstanceOf(DownloadError)
    const { failures, message } = error as DownloadError
    expect(failures.map(({ url }) => url)).toEqual(tried.urls)
    for (const [index, reason] of [/SHA-256/, /nothing came for 1 s/, /404/, /503/].entries()) {
      expect(failures[index]!.reason).toMatch(reason)
      expect(message).toContain(`from ${tried.urls[index]}: ${failures[index]!.reason}`)
    }
    expect(message).toMatch(/put the file at .* by hand, or name a mirror of your own/)
    expect(message).not.toContain('\n')
  })

  it('are all left for a mirror', async () => {
    const other = await serve(whole)
    await pullWeights({ ...record(), urls: [other.url] }, { folder, mirror: `${base}/` })
    expect([other.asked(), asked]).toEqual([0, ['all']])
  })

  it('go on where the one before stopped, and begin anew when that was bad', async () => {
    const badFrom = dropAfter(1000, new Uint8Array(1000))
    const bad: Answer = (request, response, start) =>
      start > 0 ? response.destroy() : badFrom(request, response, 0)
    const good = await serve(whole)
    const urls = [(await serve(bad)).url, good.url]
    const options = { folder, pauseMs: 1, attempts: 1 }
    const path = await pullWeights({ ...record(), urls }, options)
    expect(new Uint8Array(await readFile(path))).toEqual(content)
    expect(good.asked()).toBe(2)
  })
})

describe('without a network', () => {
  it('says what to do', async () => {
    const urls = ['http://127.0.0.1:9/weights.pth']
    const pulling = pullWeights({ ...record(), urls }, { folder, pauseMs: 1 })
    await expect(pulling).rejects.toThrow(DownloadError)
    await expect(pulling).rejects.toThrow(
      /could not be downloaded from http:.*put the file at .*weights\.pth by hand, or name a mirror/,
    )
  })

  it('a mirror is asked, named by option or environment', async () => {
    const unreachable = { ...record(), urls: [`http://127.0.0.1:9/${NAME}`] }
    await pullWeights(unreachable, { folder, mirror: `${base}/some/where/` })
    await removeWeights(unreachable, { folder })
    process.env.ALEXNET_MIRROR = base
    try {
      await pullWeights(unreachable, { folder })
    } finally {
      delete process.env.ALEXNET_MIRROR
    }
    expect(asked).toEqual(['all', 'all'])
  })
})

describe('the cache', () => {
  it('lists, verifies and removes', async () => {
    const stateOf = async () => (await listWeights({ folder }, [record()]))[0]!.state
    expect(await stateOf()).toBe('absent')
    expect(await verifyWeights(record(), { folder })).toBe('absent')
    const path = await pull()
    expect(await stateOf()).toBe('cached')
    expect(await verifyWeights(record(), { folder })).toBe('ok')
    const damaged = content.slice()
    damaged[77]! ^= 4
    await writeFile(path, damaged)
    expect(await verifyWeights(record(), { folder })).toBe('damaged')
    expect(await removeWeights(record(), { folder })).toBe(content.length)
    expect(await files()).toEqual([])
  })

  it('lies where the environment says', () => {
    process.env.ALEXNET_CACHE = '/somewhere'
    try {
      expect(weightsFolder()).toBe('/somewhere')
    } finally {
      delete process.env.ALEXNET_CACHE
    }
    expect(weightsFolder()).toMatch(/alexnet/)
  })

  it('knows what there is', async () => {
    const imagenet = getWeightRecord('imagenet')
    const labels = await imagenet.labels()
    expect(labels.length).toBe(imagenet.classes)
    expect(new Set(labels).size).toBe(1000)
    expect([labels[0], labels[2], labels[999]]).toEqual([
      'tench',
      'great white shark',
      'toilet tissue',
    ])
    expect(() => getWeightRecord('imagnet')).toThrow(
      /no weights called 'imagnet'; there are: imagenet/,
    )
    await expect(pullWeights({ ...record(), urls: [`${base}/a/..`] }, { folder })).rejects.toThrow(
      /file name/,
    )
  })
})
