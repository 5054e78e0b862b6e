// A Hub for tests, on loopback: repositories of files at one commit, by the routes that its client asks for reading
// (https://huggingface.co/docs/hub/api). Large files are redirected to another address, as the Hub does, which must not
// see the token.

import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** 40 hexadecimal digits. */
export const COMMIT = '0123456789abcdef0123456789abcdef01234567'

export interface HubServer {
  url: string
  /** Method and path of every request. */
  requests: string[]
  /** Files of the only repository, `owner/name`; at least 1,000 bytes are a large file. */
  files: Map<string, Uint8Array>
  /** Needed by every request, when it is set. */
  token?: string
  /** Breaks a large file off after so many bytes, once. */
  breakAfter?: number
  close(): Promise<void>
}

const hash = (kind: string, ...parts: (string | Uint8Array)[]) => {
  const hash = createHash(kind)
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

/** How git names a file's content. */
const gitHash = (bytes: Uint8Array) => hash('sha1', `blob ${bytes.length}\0`, bytes)
const isLarge = (bytes: Uint8Array) => bytes.length >= 1000

export async function startHub(): Promise<HubServer> {
  const server = createServer((request, response) => {
    answer(hub, request, response).catch((error) => response.writeHead(500).end(String(error)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const hub: HubServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    files: new Map(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return hub
}

async function answer(hub: HubServer, request: IncomingMessage, response: ServerResponse) {
  const { pathname, searchParams } = new URL(request.url!, hub.url)
  hub.requests.push(`${request.method} ${pathname}`)
  const json = (status: number, value: object) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  if (pathname.startsWith('/storage/')) {
    if (request.headers.authorization) return json(400, { error: 'a token came with it' })
    const bytes = [...hub.files.values()].find((file) => pathname.endsWith(hash('sha256', file)))!
    return send(hub, bytes, request, response)
  }
  if (hub.token && request.headers.authorization !== `Bearer ${hub.token}`) {
    return json(401, { error: 'Invalid username or password.' })
  }
  const [, info] = /^\/api\/models\/owner\/name\/revision\/([^/]+)$/.exec(pathname) ?? []
  const [, paths] = /^\/api\/models\/owner\/name\/paths-info\/([^/]+)$/.exec(pathname) ?? []
  const [, commit, path] = /^\/owner\/name\/resolve\/([^/]+)\/(.+)$/.exec(pathname) ?? []
  const revision = decodeURIComponent(info ?? paths ?? commit ?? '')
  if (!['main', 'v1', COMMIT].includes(revision)) return json(404, { error: 'Not Found' })
  if (info && searchParams.getAll('expand').includes('sha')) {
    const siblings = [...hub.files.keys()].map((rfilename) => ({ rfilename }))
    return json(200, { _id: '1', id: 'owner/name', sha: COMMIT, siblings, lastModified: 0 })
  }
  if (paths) {
    const { paths: asked } = JSON.parse(await textOf(request)) as { paths: string[] }
    return json(
      200,
      asked.flatMap((name) => entryOf(name, hub.files.get(name))),
    )
  }
  const bytes = hub.files.get(decodeURIComponent(path ?? ''))
  if (!bytes) return json(404, { error: 'Entry not found' })
  if (!isLarge(bytes)) return send(hub, bytes, request, response)
  const elsewhere = hub.url.replace('127.0.0.1', 'localhost')
  response.writeHead(302, { location: `${elsewhere}/storage/${hash('sha256', bytes)}` }).end()
}

function entryOf(path: string, bytes: Uint8Array | undefined) {
  if (!bytes) return []
  const size = bytes.length
  if (!isLarge(bytes)) return [{ type: 'file', path, size, oid: gitHash(bytes) }]
  const pointer = new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\n')
  const lfs = { oid: hash('sha256', bytes), size, pointerSize: pointer.length }
  return [{ type: 'file', path, size, oid: gitHash(pointer), lfs }]
}

/** The bytes from where a range begins. */
function send(
  hub: HubServer,
  bytes: Uint8Array,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
  const rest = bytes.subarray(start)
  response.writeHead(start > 0 ? 206 : 200, {
    'content-length': rest.length,
    ...(start > 0 && { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }),
  })
  const { breakAfter } = hub
  if (breakAfter === undefined || !isLarge(bytes)) return response.end(rest)
  hub.breakAfter = undefined
  response.write(rest.subarray(0, breakAfter), () => response.destroy())
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return text
}
