// A Hub for tests, on loopback, that is written to and read: one repository, by the routes that the Hub's own client
// asks (https://huggingface.co/docs/hub/api), large files by Git LFS' batch (https://github.com/git-lfs/git-lfs/tree/main/docs/api).

import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export const COMMIT = 'fedcba9876543210fedcba9876543210fedcba98'
export const REPOSITORY = 'me/drawn'

export interface HubServer {
  url: string
  requests: string[]
  /** What was asked when the repository was made. */
  created?: { name: string; organization: string; visibility: string; type: string }
  /** What the commit has, by branch/path. */
  files: Map<string, Buffer>
  /** Whether the repository is there before. */
  exists: boolean
  /** The token that may write. */
  token: string
  close(): Promise<void>
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const gitHash = (bytes: Uint8Array) =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
const isLarge = (path: string) => /\.(safetensors|onnx)$/.test(path)

export async function startHub(): Promise<HubServer> {
  const stored = new Map<string, Buffer>()
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request)
    hub.requests.push(`${request.method} ${request.url}`)
    const [status, answer] = answerTo(hub, stored, request, body)
    if (Buffer.isBuffer(answer)) response.writeHead(status).end(answer)
    else {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const hub: HubServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    files: new Map(),
    exists: false,
    token: 'hf_writes',
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return hub
}

type Answer = [status: number, body: object | Buffer]

function answerTo(
  hub: HubServer,
  stored: Map<string, Buffer>,
  { method, url, headers }: IncomingMessage,
  body: Buffer,
): Answer {
  const { pathname } = new URL(url!, hub.url)
  const asked = `${method} ${pathname}`
  const [, oid] = /^PUT \/storage\/(\w+)$/.exec(asked) ?? []
  if (oid) {
    if (sha256(body) !== oid) return [400, { error: 'another hash' }]
    stored.set(oid, body)
    return [200, {}]
  }
  if (method === 'POST' && !pathname.includes('/paths-info/')) {
    if (headers.authorization !== `Bearer ${hub.token}`) return [403, { error: 'Forbidden' }]
    return writing(hub, stored, pathname, body)
  }
  return reading(hub, pathname, body)
}

function writing(
  hub: HubServer,
  stored: Map<string, Buffer>,
  pathname: string,
  body: Buffer,
): Answer {
  const json = () => JSON.parse(body.toString())
  if (pathname === '/api/repos/create') {
    if (hub.exists) return [409, { error: 'You already created this model repo' }]
    hub.created = json()
    return [200, { url: `${hub.url}/${REPOSITORY}`, id: '1' }]
  }
  if (pathname === `/api/models/${REPOSITORY}/preupload/main`) {
    const files = (json().files as { path: string }[]).map(({ path }) => ({
      path,
      uploadMode: isLarge(path) ? 'lfs' : 'regular',
    }))
    return [200, { files }]
  }
  if (pathname === `/${REPOSITORY}.git/info/lfs/objects/batch`) {
    const objects = (json().objects as { oid: string; size: number }[]).map((object) => ({
      ...object,
      actions: { upload: { href: `${hub.url}/storage/${object.oid}` } },
    }))
    return [200, { transfer: 'basic', objects }]
  }
  if (pathname === `/api/models/${REPOSITORY}/commit/main`) {
    for (const line of body.toString().split('\n')) {
      const { key, value } = JSON.parse(line)
      if (key === 'file') hub.files.set(value.path, Buffer.from(value.content, 'base64'))
      if (key === 'lfsFile') hub.files.set(value.path, stored.get(value.oid)!)
    }
    return [200, { commitOid: COMMIT, commitUrl: `${hub.url}/${REPOSITORY}/commit/${COMMIT}` }]
  }
  return [404, { error: 'Not Found' }]
}

function reading(hub: HubServer, pathname: string, body: Buffer): Answer {
  if (pathname === `/api/models/${REPOSITORY}/revision/main`) {
    const siblings = [...hub.files.keys()].map((rfilename) => ({ rfilename }))
    return [200, { _id: '1', id: REPOSITORY, sha: COMMIT, siblings, lastModified: 0 }]
  }
  if (pathname === `/api/models/${REPOSITORY}/paths-info/${COMMIT}`) {
    const { paths } = JSON.parse(body.toString()) as { paths: string[] }
    const entries = paths.map((path) => {
      const bytes = hub.files.get(path)!
      const size = bytes.length
      const lfs = { oid: sha256(bytes), size, pointerSize: 130 }
      return { type: 'file', path, size, oid: gitHash(bytes), ...(isLarge(path) && { lfs }) }
    })
    return [200, entries]
  }
  const path = pathname.replace(`/${REPOSITORY}/resolve/${COMMIT}/`, '')
  return hub.files.has(path) ? [200, hub.files.get(path)!] : [404, { error: 'Entry not found' }]
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}
