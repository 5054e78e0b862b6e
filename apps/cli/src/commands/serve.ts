// alexnet serve: a model behind HTTP, until it is asked to stop.

import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type EngineOptions, startBackend } from '../backend.ts'
import { loadModel, openLpipsFor } from '../model.ts'
import { ServeEngine } from '../serve/engine.ts'
import { createMetrics } from '../serve/metrics.ts'
import { startServer } from '../serve/server.ts'
import { interruptible } from '../terminal/interrupt.ts'
import { tell } from '../terminal/print.ts'

export interface ServeOptions extends EngineOptions {
  weights?: string
  variant?: string
  keepInt8?: boolean
  linear?: string
  port: number
  host: string
  maxBatch: number
  /** Milliseconds. */
  maxWait: number
  maxQueue: number
  maxPerClient: number
  /** Megabytes. */
  maxBody: number
  /** Millions. */
  maxPixels: number
  maxPictures: number
  /** Milliseconds. */
  timeout: number
  cors?: string
  apiKey?: string
  site?: string
}

/** The playground, where this command runs in the repository and the page is built. */
const playground = fileURLToPath(new URL('../../../playground/dist', import.meta.url))

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

export async function serveModel(options: ServeOptions): Promise<void> {
  const { host, port, timeout, cors, apiKey, linear } = options
  await startBackend(options)
  const model = await loadModel(options.weights, options)
  const lpips = await openLpipsFor(model, { linear, plain: linear === undefined })
  const metrics = createMetrics()
  const engine = new ServeEngine(
    model,
    lpips,
    { maxBatch: options.maxBatch, maxWait: options.maxWait },
    (kind, size, seconds) => {
      metrics.batches.observe({ kind }, size)
      metrics.computing.inc({ kind }, seconds)
    },
  )
  const stop = interruptible('stopped; every request that was accepted was answered')
  try {
    const server = await startServer({
      engine,
      metrics,
      limits: {
        maxBytes: options.maxBody * 1e6,
        maxPixels: options.maxPixels * 1e6,
        maxPictures: options.maxPictures,
        maxQueue: options.maxQueue,
        maxPerClient: options.maxPerClient,
      },
      version,
      apiKey,
      cors,
      host,
      port,
      timeout,
      site: options.site ?? (existsSync(playground) ? playground : undefined),
      onError: ({ name, message }) => tell(`alexnet: ${name}: ${message}`),
    })
    const isLoopback = /^(127\.|::1$|localhost$)/.test(host)
    tell(
      `listening on http://${host.includes(':') ? `[${host}]` : host}:${server.port} (${
        isLoopback
          ? 'this machine alone; --host 0.0.0.0 lets others in'
          : `other machines, too${apiKey === undefined ? ', without a key' : ''}`
      })`,
    )
    await new Promise<void>((resolve) => {
      if (stop.signal.aborted) resolve()
      else stop.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    await server.stop()
    tell('stopped; every request that was accepted was answered')
  } finally {
    stop.release()
    engine.dispose()
  }
}
