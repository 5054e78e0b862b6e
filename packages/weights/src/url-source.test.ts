import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openCheckpoint, readCheckpoint } from './checkpoint.ts'
import { CheckpointError } from './error.ts'
import { encodeSafetensors } from './safetensors.ts'
import type { NamedTensor } from './tensor.ts'

const data = new Float32Array(200_000).fill(0.5)
const tensors = new Map<string, NamedTensor>([['w', { dtype: 'float32', shape: [200_000], data }]])
const file = new Uint8Array(Buffer.concat(encodeSafetensors(tensors)))

type Answer = (request: IncomingMessage, response: ServerResponse) => void
let server: Server
let answer: Answer
let sent = 0
let encodings: unknown[] = []
beforeEach(async () => {
  sent = 0
  encodings = []
  server = createServer((request, response) => {
    encodings.push(request.headers['accept-encoding'])
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})
const url = () => new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/model`)

/** Bytes without an end, as fast as they are taken. */
function endless(response: ServerResponse): void {
  const chunk = new Uint8Array(64 * 1024)
  const more = () => {
    while (!response.destroyed) {
      sent += chunk.length
      if (!response.write(chunk)) return void response.once('drain', more)
    }
  }
  more()
}
const rangeOf = (request: IncomingMessage) => {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
  return { from: Number(from), to: Math.min(Number(to), file.length - 1) }
}
const part: Answer = (request, response) => {
  const { from, to } = rangeOf(request)
  response.writeHead(206, { 'content-range': `bytes ${from}-${to}/${file.length}` })
  response.end(file.subarray(from, to + 1))
}

describe('a server', () => {
  it('is asked for plain bytes', async () => {
    answer = part
    expect((await readCheckpoint(url())).tensors).toEqual(tensors)
    // With a range, some clients say so once more by themselves.
    for (const encoding of encodings) expect(encoding).toMatch(/^identity(, identity)?$/)
  })

  it('that sends more than a range is left at its end', async () => {
    answer = (request, response) => {
      const { from } = rangeOf(request)
      response.writeHead(206, { 'content-range': `bytes ${from}-${from}/${file.length}` })
      endless(response)
    }
    await expect(readCheckpoint(url())).rejects.toThrow(/sends more than the 1 bytes that it may/)
    expect(sent).toBeLessThan(16 * 2 ** 20)
  })

  it('that sends the whole file in place of a later range is left, too', async () => {
    answer = (request, response) => {
      if (rangeOf(request).to === 0) part(request, response)
      else endless(response.writeHead(200))
    }
    await expect(readCheckpoint(url())).rejects.toThrow(/sends more than the \d+ bytes/)
    expect(sent).toBeLessThan(16 * 2 ** 20)
  })

  it.each<[string, Answer, RegExp]>([
    [
      'claims a length that cannot be',
      (_, response) => void response.writeHead(200, { 'content-length': 2 ** 40 }).write('x'),
      /has no ranges and a file of 1099511627776 bytes: download it/,
    ],
    ['sends nothing', () => {}, /nothing came for 0\.1 s/],
    [
      'stops half-way',
      (_, response) => void response.writeHead(200, { 'content-length': 1000 }).write('x'),
      /nothing came for 0\.1 s/,
    ],
    ['closes the connection', (request) => void request.socket.destroy(), /could not be fetched/],
    [
      'closes it half-way',
      (_, response) => {
        response.writeHead(200, { 'content-length': 1000 }).write('x')
        setTimeout(() => response.destroy(), 20)
      },
      /could not be fetched/,
    ],
    ['sends an empty file', (_, response) => void response.end(), /is empty/],
    [
      'has another part',
      (request, response) => {
        const { from, to } = rangeOf(request)
        response.writeHead(206, { 'content-range': `bytes ${from}-${to}/${file.length}` }).end('x')
      },
      /sent 1 bytes \(status 206\) where \d+ were asked for/,
    ],
  ])('that %s gives one clear line', async (_, given, message) => {
    answer = given
    const isSilent = message.source.includes('nothing came')
    const reading = openCheckpoint(url(), isSilent ? { stallMs: 100 } : {})
    await expect(reading).rejects.toThrow(CheckpointError)
    await expect(reading).rejects.toThrow(message)
    await expect(reading).rejects.toThrow(/^http:\/\/127[^\n]*$/)
  })

  it('that packs its answers all the same is read, within bounds', async () => {
    const packed = gzipSync(file)
    const headers = { 'content-encoding': 'gzip', 'content-length': packed.length }
    answer = (_, response) => void response.writeHead(200, headers).end(packed)
    expect((await readCheckpoint(url())).tensors).toEqual(tensors)
    const bomb = gzipSync(new Uint8Array(100 * 2 ** 20), { level: 1 })
    answer = (_, response) =>
      void response
        .writeHead(200, { 'content-encoding': 'gzip', 'content-length': bomb.length })
        .end(bomb)
    await expect(readCheckpoint(url())).rejects.toThrow(/sends more than the \d+ bytes/)
  })

  it('that packs its answer and closes the connection at odd moments does no harm', async () => {
    const packed = gzipSync(file)
    const sockets = createSocketServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n')
        socket.write(packed.subarray(0, packed.length - 20))
        socket.destroySoon()
      })
    })
    await new Promise<void>((resolve) => sockets.listen(0, '127.0.0.1', resolve))
    const { port } = sockets.address() as AddressInfo
    const reading = readCheckpoint(new URL(`http://127.0.0.1:${port}/model`))
    await expect(reading).rejects.toThrow(CheckpointError)
    await new Promise((resolve) => sockets.close(resolve))
  })
})
