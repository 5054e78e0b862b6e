// The routes: a request goes through key, limits and bodies to the engine, and what goes wrong on the way is answered in
// one shape.

import { createHash, timingSafeEqual } from 'node:crypto'
import { featureLayer } from '@alexnet/core'
import type { ExplainMethod } from '@alexnet/model'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { cors } from 'hono/cors'
import { type BodyLimits, decode, picturesIn } from './bodies.ts'
import type { PicturePair, ServeEngine } from './engine.ts'
import type { Metrics } from './metrics.ts'
import { openapi, servedMethods, tryPage } from './openapi.ts'
import { asProblem, Problem, problemBody } from './problem.ts'

export interface AppLimits extends BodyLimits {
  /** Requests under way. */
  maxQueue: number
  /** Requests under way from one address. */
  maxPerClient: number
}

export interface AppOptions {
  engine: ServeEngine
  metrics: Metrics
  limits: AppLimits
  version: string
  apiKey?: string
  /** Origin of pages that may ask. */
  cors?: string
  /** False while the server stops. */
  isReady: () => boolean
  /** Told of an error of the program itself. */
  onError?: (error: Error) => void
}

type Env = { Bindings: Partial<HttpBindings> }
type Handler = (context: Context<Env>) => Promise<Response>

export function createApp(options: AppOptions): Hono<Env> {
  const { engine, metrics, limits, version, isReady } = options
  const app = new Hono<Env>()
  const clients = new Map<string, number>()
  let underWay = 0

  if (options.cors !== undefined) {
    const allowHeaders = ['content-type', 'x-api-key', 'authorization']
    app.use(cors({ origin: options.cors, allowHeaders }))
  }
  app.get('/health', (c) => c.json({ status: 'ok' }))
  app.get('/ready', (c) =>
    isReady() ? c.json({ status: 'ready' }) : answer(c, new Problem(503, 'the server is stopping')),
  )
  if (options.apiKey !== undefined) {
    const expected = digest(options.apiKey)
    app.use(async (c, next) => {
      const given =
        c.req.header('x-api-key') ?? c.req.header('authorization')?.replace(/^Bearer /i, '')
      // /try holds no answers, and must be opened before its key can be typed.
      const isOpen = c.req.path === '/try'
      if (isOpen || timingSafeEqual(digest(given ?? ''), expected)) return next()
      return answer(c, new Problem(401, 'send the key of this server as x-api-key'))
    })
  }
  app.get('/metrics', async (c) => {
    c.header('content-type', metrics.registry.contentType)
    return c.body(await metrics.registry.metrics())
  })
  const { labels, layerNames: layers } = engine.model
  const document = openapi(version, { labels: labels.length, layers })
  app.get('/openapi.json', (c) => c.json(document))
  app.get('/try', (c) => c.html(tryPage))

  /** A route that computes, within the limits of requests under way. */
  const post = (path: string, handle: Handler) => {
    app.post(path, async (c) => {
      const started = performance.now()
      const client = c.env?.incoming?.socket.remoteAddress ?? 'unknown'
      const ofClient = clients.get(client) ?? 0
      const response = await (async () => {
        if (!isReady()) return answer(c, new Problem(503, 'the server is stopping'))
        if (underWay >= limits.maxQueue)
          return answer(c, new Problem(503, 'too many requests are under way: come again'))
        if (ofClient >= limits.maxPerClient)
          return answer(
            c,
            new Problem(429, 'too many of your requests are under way: wait for their answers'),
          )
        clients.set(client, ofClient + 1)
        metrics.underWay.set(++underWay)
        try {
          return await handle(c)
        } catch (error) {
          const problem = asProblem(error)
          if (problem.status === 500) options.onError?.(error as Error)
          return answer(c, problem)
        } finally {
          metrics.underWay.set(--underWay)
          const left = clients.get(client)! - 1
          if (left > 0) clients.set(client, left)
          else clients.delete(client)
        }
      })()
      metrics.requests.inc({ route: path, status: response.status })
      metrics.seconds.observe({ route: path }, (performance.now() - started) / 1000)
      return response
    })
    app.all(path, (c) => answer(c, new Problem(405, `${path} takes POST`)))
  }
  const sent = async (c: Context<Env>) => decode(await picturesIn(c.req.raw, limits), limits)

  post('/classify', async (c) => {
    const top = whole(c.req.query('top') ?? '5', 'top')
    const views = oneOf(c.req.query('views') ?? 'center', ['center', 'ten'] as const, 'views')
    const pictures = await sent(c)
    const found = await Promise.all(pictures.map(({ picture }) => engine.classify(picture, views)))
    const results = found.map((all, i) => ({ name: pictures[i]!.name, top: all.slice(0, top) }))
    return c.json({ results })
  })

  post('/features', async (c) => {
    const layer = engine.requireLayer(c.req.query('layer') ?? featureLayer(engine.model.network))
    const pictures = await sent(c)
    const found = await Promise.all(pictures.map(({ picture }) => engine.features(picture, layer)))
    const results = found.map(({ shape, data }, i) => ({
      name: pictures[i]!.name,
      shape,
      features: [...data],
    }))
    return c.json({ layer, results })
  })

  post('/explain', async (c) => {
    const method = oneOf(c.req.query('method') ?? 'grad-cam', servedMethods, 'method')
    const [first, ...others] = await sent(c)
    if (others.length > 0) throw new Problem(422, 'one picture is explained at a time')
    const png = await engine.explain({
      picture: first!.picture,
      method: method as ExplainMethod,
      target: c.req.query('class'),
      layer: c.req.query('layer'),
    })
    return c.body(png as Uint8Array<ArrayBuffer>, 200, { 'content-type': 'image/png' })
  })

  post('/compare', async (c) => {
    const pictures = await sent(c)
    const [a, b] = ['a', 'b'].map((side) => pictures.filter(({ field }) => field === side))
    if (a!.length === 0 || a!.length !== b!.length || a!.length + b!.length !== pictures.length) {
      throw new Problem(
        422,
        `pictures are compared in pairs: send as many fields a as b, and no others (there are ${a!.length} a and ${b!.length} b of ${pictures.length})`,
      )
    }
    const pairs = a!.map((one, i) => [one.picture, b![i]!.picture] as const)
    for (const [i, pair] of pairs.entries()) requireOneSize(pair, engine.lpips.smallestSize, i)
    const found = await Promise.all(pairs.map((pair) => engine.compare(pair)))
    const results = found.map(({ distance, layers: parts }, i) => ({
      name: a![i]!.name,
      distance,
      layers: parts,
    }))
    return c.json({ form: engine.lpips.form, results })
  })

  app.notFound((c) =>
    answer(c, new Problem(404, 'there is nothing here: /openapi.json lists what is')),
  )
  app.onError((error, c) => {
    const problem = asProblem(error)
    if (problem.status === 500) options.onError?.(error)
    return answer(c, problem)
  })
  return app
}

/** A batch of pairs fails as a whole, so what cannot be compared is told before. */
function requireOneSize([a, b]: PicturePair, smallest: number, index: number): void {
  if (a.width !== b.width || a.height !== b.height) {
    throw new Problem(
      422,
      `the pictures of pair ${index} have ${a.width}×${a.height} and ${b.width}×${b.height} pixels: only pictures of one size are compared`,
    )
  }
  if (Math.min(a.width, a.height) >= smallest) return
  throw new Problem(
    422,
    `the pictures of pair ${index} have ${a.width}×${a.height} pixels, less than the ${smallest} a side that the network takes`,
  )
}

const digest = (key: string) => createHash('sha256').update(key).digest()

function answer(c: Context<Env>, { status, message }: Problem): Response {
  if (status === 503 || status === 429) c.header('retry-after', '1')
  // The rest of a body that was not read cannot be told from the next request.
  if (status === 413 || status === 408) c.header('connection', 'close')
  return c.json(problemBody(status, message), status)
}

function whole(given: string, name: string): number {
  const value = Number(given)
  if (Number.isInteger(value) && value >= 1) return value
  throw new Problem(422, `${name} must be a whole number of at least 1, found '${given}'`)
}

function oneOf<T extends string>(given: string, choices: readonly T[], name: string): T {
  const found = choices.find((choice) => choice === given)
  if (found !== undefined) return found
  throw new Problem(422, `${name} must be one of ${choices.join(', ')}, found '${given}'`)
}
