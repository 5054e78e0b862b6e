// The server on loopback, with the weights that come with the program: its answers are the command line's, its errors
// have one shape, and nothing that is sent ends it.

import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { decodePicture, encodePng, type Picture, shapes } from '@alexnet/data'
import { openLpips } from '@alexnet/lpips'
import { type Model, openModel } from '@alexnet/model'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../backend.ts'
import { ServeEngine } from './engine.ts'
import { createMetrics } from './metrics.ts'
import { type ServerOptions, type Serving, startServer } from './server.ts'

let model: Model
let engine: ServeEngine
let options: ServerOptions
let server: Serving
let pictures: Picture[]
let files: Uint8Array<ArrayBuffer>[]
const batches: [string, number][] = []

beforeAll(async () => {
  await startBackend({ threads: 1 })
  model = await openModel('cifar10')
  const lpips = await openLpips(model, { linear: false })
  engine = new ServeEngine(model, lpips, { maxBatch: 8, maxWait: 20 }, (kind, size) =>
    batches.push([kind, size]),
  )
  options = {
    engine,
    metrics: createMetrics(),
    limits: {
      maxBytes: 200_000,
      maxPixels: 100_000,
      maxPictures: 4,
      maxQueue: 64,
      maxPerClient: 64,
    },
    version: '1.2.3',
    host: '127.0.0.1',
    port: 0,
    timeout: 400,
  }
  server = await startServer(options)
  const drawn = shapes({ count: 4, size: 64, seed: 3 })
  pictures = await Promise.all([0, 1, 2, 3].map((index) => drawn.load(index)))
  files = (await Promise.all(pictures.map((picture) => encodePng(picture)))) as typeof files
})
afterAll(async () => {
  await server.stop()
  engine.dispose()
})

const ask = (path: string, init: RequestInit = {}, { port } = server) =>
  fetch(`http://127.0.0.1:${port}${path}`, init)
const post = (path: string, body: BodyInit, type?: string, to = server) =>
  ask(path, { method: 'POST', body, headers: type ? { 'content-type': type } : {} }, to)
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
const form = (...parts: [string, Uint8Array<ArrayBuffer>][]) => {
  const data = new FormData()
  for (const [field, bytes] of parts) data.append(field, new Blob([bytes]), `${field}.png`)
  return data
}
async function problem(answer: Response) {
  const body = await answer.json()
  expect(Object.keys(body)).toEqual(['error'])
  expect(Object.keys(body.error)).toEqual(['status', 'code', 'message'])
  expect(body.error.status).toBe(answer.status)
  expect(body.error.message).not.toMatch(/\n|\bat .*:\d|node_modules|\/src\//)
  return [answer.status, body.error.message]
}

describe('answers', () => {
  it("are the model's, however pictures are sent", async () => {
    const expected = await model.classify(pictures[0]!, { topK: 3 })
    const ways = await Promise.all([
      post('/classify?top=3', files[0]!, 'image/png'),
      post('/classify?top=3', files[0]!, 'application/octet-stream'),
      post('/classify?top=3', form(['picture', files[0]!])),
      post(
        '/classify?top=3',
        JSON.stringify({ pictures: [base64(files[0]!)] }),
        'application/json',
      ),
    ])
    for (const way of ways) {
      const { results } = await way.json()
      const [{ top }] = results
      expect(top.map(({ index }: { index: number }) => index)).toEqual(
        expected.map(({ index }) => index),
      )
      expect(top[0].probability).toBeCloseTo(expected[0]!.probability, 5)
    }
    const ten = await (await post('/classify?views=ten', files[1]!, 'image/png')).json()
    const [best] = await model.classify(pictures[1]!, { views: 'ten', topK: 1 })
    expect(ten.results[0].top[0].probability).toBeCloseTo(best!.probability, 5)
  })

  it('of several pictures are in their order, and joined into batches', async () => {
    batches.length = 0
    const answers = await Promise.all(
      pictures.map((_, i) => post('/features', form(['p', files[i]!], ['p', files[3 - i]!]))),
    )
    for (const [i, answer] of answers.entries()) {
      const { layer, results } = await answer.json()
      expect(layer).toBe('classifier.2')
      const own = await model.features([pictures[i]!, pictures[3 - i]!])
      for (const [side, { shape, data }] of own.entries()) {
        expect(results[side].shape).toEqual(shape)
        const worst = Math.max(...[...data].map((x, k) => Math.abs(x - results[side].features[k])))
        expect(worst).toBeLessThan(1e-4)
      }
    }
    expect(Math.max(...batches.map(([, size]) => size))).toBeGreaterThan(2)
  })

  it('explain in PNG, and compare', async () => {
    const drawing = await post('/explain?method=occlusion&class=ship', files[0]!, 'image/png')
    expect(drawing.headers.get('content-type')).toBe('image/png')
    expect(
      (await decodePicture(new Uint8Array(await drawing.arrayBuffer()))).height,
    ).toBeGreaterThan(30)
    const { distance } = await engine.lpips.compare(pictures[0]!, pictures[1]!)
    const [byForm, byJson] = await Promise.all([
      post('/compare', form(['a', files[0]!], ['b', files[1]!])),
      post(
        '/compare',
        JSON.stringify({ pairs: [{ a: base64(files[0]!), b: base64(files[1]!) }] }),
        'application/json',
      ),
    ])
    for (const answer of [byForm, byJson]) {
      const { form: kind, results } = await answer.json()
      expect(kind).toBe('plain')
      expect(results[0].distance).toBeCloseTo(distance, 4)
    }
  })

  it('say how it is, and what there is', async () => {
    expect(await (await ask('/health')).json()).toEqual({ status: 'ok' })
    expect(await (await ask('/ready')).json()).toEqual({ status: 'ready' })
    const { info, paths } = await (await ask('/openapi.json')).json()
    expect(info.version).toBe('1.2.3')
    expect(Object.keys(paths)).toEqual([
      '/classify',
      '/features',
      '/explain',
      '/compare',
      '/health',
      '/ready',
      '/metrics',
    ])
    expect(await (await ask('/metrics')).text()).toContain(
      'alexnet_requests_total{route="/classify",status="200"}',
    )
    expect(await (await ask('/try')).text()).toContain('<form>')
  })
})

describe('errors', () => {
  const cases: [string, () => Promise<Response>, number, string][] = [
    ['no picture', () => post('/classify', 'hello', 'image/png'), 422, 'is no JPEG, PNG'],
    [
      'a broken one',
      () => post('/classify', files[0]!.slice(0, 80), 'image/png'),
      422,
      'picture 0',
    ],
    ['nothing', () => post('/classify', '', 'image/png'), 400, 'the body is empty'],
    ['other types', () => post('/classify', 'x', 'text/plain'), 415, 'not as text/plain'],
    ['no JSON', () => post('/classify', '{', 'application/json'), 400, 'the body is no JSON'],
    ['null', () => post('/classify', 'null', 'application/json'), 400, 'the JSON must be'],
    [
      'no base64',
      () => post('/classify', '{"pictures":[1]}', 'application/json'),
      400,
      'is no base64',
    ],
    ['no form', () => post('/classify', 'x', 'multipart/form-data; boundary=y'), 400, 'multipart'],
    [
      'too large',
      () => post('/classify', new Uint8Array(200_001), 'image/png'),
      413,
      '200000 bytes',
    ],
    [
      'too many',
      () =>
        post(
          '/classify',
          form(...files.map((f) => ['p', f] as [string, typeof f]), ['p', files[0]!]),
        ),
      413,
      '5 pictures',
    ],
    ['no layer', () => post('/features?layer=x', files[0]!, 'image/png'), 422, "no layer 'x'"],
    ['no number', () => post('/classify?top=x', files[0]!, 'image/png'), 422, 'top must be'],
    ['no class', () => post('/explain?class=zebra', files[0]!, 'image/png'), 422, 'zebra'],
    ['one of a pair', () => post('/compare', form(['a', files[0]!])), 422, '1 a and 0 b of 1'],
    ['another method', () => ask('/classify'), 405, 'takes POST'],
    ['nowhere', () => ask('/nothing'), 404, '/openapi.json'],
  ]
  it.each(cases)('%s', async (_, send, status, message) => {
    const [found, text] = await problem(await send())
    expect(found).toBe(status)
    expect(text).toContain(message)
  })

  it('pictures of too many pixels or of two sizes', async () => {
    const flat = (size: number) =>
      encodePng({ width: size, height: size, data: new Uint8Array(size * size * 3) }) as Promise<
        Uint8Array<ArrayBuffer>
      >
    const large = await flat(400)
    expect((await problem(await post('/classify', large, 'image/png')))[1]).toContain(
      '100000 pixels',
    )
    const answer = await post('/compare', form(['a', files[0]!], ['b', await flat(48)]))
    expect((await problem(answer))[1]).toContain('64×64 and 48×48')
  })

  it('what is no HTTP, and what never ends', async () => {
    const raw = (text: string) =>
      new Promise<string>((resolve) => {
        let found = ''
        const socket = connect(server.port, '127.0.0.1', () => socket.write(text))
        socket.on('data', (data) => (found += data)).on('close', () => resolve(found))
      })
    expect(await raw('hello\r\n\r\n')).toContain('"code":"bad_request"')
    const slow = raw(
      'POST /classify HTTP/1.1\r\nhost: x\r\ncontent-type: image/png\r\ncontent-length: 100\r\n\r\nx',
    )
    // Others are not held up.
    expect((await post('/classify', files[0]!, 'image/png')).status).toBe(200)
    expect(await slow).toContain('"code":"timeout"')
  })

  it('a full queue, one client with too much, no key', async () => {
    const strict = (limits: object, others: object = {}) =>
      startServer({ ...options, limits: { ...options.limits, ...limits }, ...others })
    const [full, fair, closed] = await Promise.all([
      strict({ maxQueue: 0 }),
      strict({ maxPerClient: 0 }),
      strict({}, { apiKey: 'secret', cors: 'https://example.org' }),
    ])
    expect((await problem(await post('/classify', files[0]!, 'image/png', full)))[0]).toBe(503)
    expect((await problem(await post('/classify', files[0]!, 'image/png', fair)))[0]).toBe(429)
    expect((await problem(await post('/classify', files[0]!, 'image/png', closed)))[0]).toBe(401)
    expect((await ask('/health', {}, closed)).status).toBe(200)
    const keys: Record<string, string>[] = [
      { 'x-api-key': 'secret' },
      { authorization: 'Bearer secret' },
    ]
    for (const headers of keys) {
      const all = { ...headers, 'content-type': 'image/png', origin: 'https://example.org' }
      const answer = await ask(
        '/classify',
        { method: 'POST', body: files[0]!, headers: all },
        closed,
      )
      expect(answer.status).toBe(200)
      expect(answer.headers.get('access-control-allow-origin')).toBe('https://example.org')
    }
    await Promise.all([full.stop(), fair.stop(), closed.stop()])
  })
})

it('stopping finishes what was accepted', async () => {
  // Its batch waits for others, so that all are under way when it stops.
  const patient = new ServeEngine(model, engine.lpips, { maxBatch: 64, maxWait: 1000 })
  const metrics = createMetrics()
  const other = await startServer({ ...options, engine: patient, metrics, timeout: 10_000 })
  const answers = Array.from(
    { length: 12 },
    () =>
      new Promise<number>((resolve, reject) => {
        const asked = httpRequest(
          { port: other.port, host: '127.0.0.1', path: '/classify', method: 'POST', agent: false },
          (response) => {
            response.resume().on('end', () => resolve(response.statusCode!))
          },
        )
        asked.on('error', reject)
        asked.setHeader('content-type', 'image/png')
        asked.end(files[0]!)
      }),
  )
  while ((await metrics.underWay.get()).values[0]?.value !== 12) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await other.stop()
  expect(await Promise.all(answers)).toEqual(Array(12).fill(200))
  await expect(ask('/health', {}, other)).rejects.toThrow()
})
