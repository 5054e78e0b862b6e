// A small server for the page: static folders under fixed paths, with the headers that let a page share
// memory between threads (https://developer.mozilla.org/docs/Web/API/Window/crossOriginIsolated).

import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { pipeline } from 'node:stream/promises'

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
}

const html = (script: string) =>
  `<!doctype html><meta charset="utf-8"><title>bench</title><script type="module" src="${script}"></script>`

export interface PageServer {
  /** `http://127.0.0.1:<port>` */
  origin: string
  close(): Promise<void>
}

/**
 * Serves on a free port of this machine alone.
 *
 * @param folders by the path below which their files are found
 * @param script address of the script of the page at `/`
 */
export async function servePage(
  folders: Readonly<Record<string, string>>,
  script: string,
): Promise<PageServer> {
  const server = createServer(async (request, response) => {
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp')
    response.setHeader('Cross-Origin-Resource-Policy', 'same-origin')
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://local').pathname)
    if (path === '/') {
      response.setHeader('Content-Type', types['.html']!)
      response.end(html(script))
      return
    }
    const file = fileOf(path, folders)
    try {
      if (file === undefined) throw new Error('not below a served folder')
      response.setHeader('Content-Length', (await stat(file)).size)
      response.setHeader('Content-Type', types[extname(file)] ?? 'application/octet-stream')
      await pipeline(createReadStream(file), response)
    } catch {
      if (!response.headersSent) response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function fileOf(path: string, folders: Readonly<Record<string, string>>): string | undefined {
  const prefix = Object.keys(folders).find((candidate) => path.startsWith(candidate))
  if (prefix === undefined) return undefined
  const inside = normalize(path.slice(prefix.length))
  return inside.startsWith('..') ? undefined : join(folders[prefix]!, inside)
}
