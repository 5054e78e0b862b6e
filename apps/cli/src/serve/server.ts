// The server around the routes: connections, their time limits, files of a page, and a stop that loses no request.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { serve } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { type AppOptions, createApp } from './app.ts'
import { problemBody } from './problem.ts'

export interface ServerOptions extends Omit<AppOptions, 'isReady'> {
  host: string
  /** 0 takes a free one. */
  port: number
  /** Milliseconds within which a request must have arrived. */
  timeout: number
  /** Folder whose files are served at /. */
  site?: string
}

/** A server that listens. */
export interface Serving {
  port: number
  /** Takes no more requests, finishes those it has, and closes. */
  stop(): Promise<void>
}

export async function startServer(options: ServerOptions): Promise<Serving> {
  let ready = true
  const app = createApp({ ...options, isReady: () => ready })
  if (options.site !== undefined) {
    app.use(async (c, next) => {
      await next()
      // Threads in pages want both.
      c.header('cross-origin-opener-policy', 'same-origin')
      c.header('cross-origin-embedder-policy', 'require-corp')
    })
    app.get('/*', serveStatic({ root: options.site }))
  } else {
    app.get('/', (c) => c.redirect('/try'))
  }
  const server = await new Promise<Server>((resolve, reject) => {
    const { host: hostname, port, timeout } = options
    const started = serve({
      fetch: app.fetch,
      hostname,
      port,
      serverOptions: {
        requestTimeout: timeout,
        headersTimeout: Math.min(timeout, 10_000),
        connectionsCheckingInterval: Math.max(50, Math.min(1000, timeout / 4)),
        keepAliveTimeout: 5000,
      },
    }) as Server
    started.once('listening', () => resolve(started)).once('error', reject)
  })
  server.on('clientError', refuse)
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      ready = false
      // What still comes over open connections is answered, and closes them.
      server.prependListener('request', (_: IncomingMessage, response: ServerResponse) =>
        response.setHeader('connection', 'close'),
      )
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** What is no HTTP, or comes too slowly, is answered in the shape of every other error. */
function refuse({ code }: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const [status, message] =
    code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? ([408, 'the request did not arrive in time'] as const)
      : ([400, 'this is no request that HTTP knows'] as const)
  const body = JSON.stringify(problemBody(status, message))
  const reason = status === 408 ? 'Request Timeout' : 'Bad Request'
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
