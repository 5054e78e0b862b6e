// What `alexnet serve` does under load, on loopback, for a record in docs/benchmarks:
//
//     node apps/cli/scripts/serve-load.ts [--requests 20000] [--malformed 5000] [--seconds 5] [--weights cifar10]
//
// Requests a second and latencies at 1, 8 and 64 clients with and without joining, memory over many requests, malformed
// bodies, SIGTERM under load, and slow clients. The server is a process of its own, the built command.

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { cpus } from 'node:os'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { encodePng, shapes } from '@alexnet/data'

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '20000' },
    malformed: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '5' },
    weights: { type: 'string', default: 'cifar10' },
  },
})
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const picture = await encodePng(await shapes({ count: 1, size: 64 }).load(0))

interface Running {
  child: ChildProcess
  port: number
  ended: Promise<number | null>
}

function start(...options: string[]): Promise<Running> {
  const args = [main, 'serve', '--weights', values.weights, '--port', '0', ...options]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  return new Promise((resolve, reject) => {
    let told = ''
    child.stderr!.on('data', (text) => {
      told += text
      const port = /listening on http:\/\/[^ ]*:(\d+)/.exec(told)?.[1]
      if (port) resolve({ child, port: Number(port), ended })
    })
    child.on('close', () => reject(new Error(told)))
  })
}

async function stop({ child, ended }: Running): Promise<void> {
  child.kill('SIGTERM')
  await ended
}

interface Sent {
  /** 0 where there was no answer. */
  status: number
  milliseconds: number
}

function send(port: number, agent: Agent, body: Uint8Array, type = 'image/png'): Promise<Sent> {
  const from = performance.now()
  return new Promise((resolve) => {
    const done = (status: number) => resolve({ status, milliseconds: performance.now() - from })
    const asked = request(
      {
        port,
        host: '127.0.0.1',
        path: '/classify',
        method: 'POST',
        agent,
        headers: { 'content-type': type, 'content-length': body.length },
      },
      (answer) => answer.resume().on('end', () => done(answer.statusCode!)),
    )
    asked.on('error', () => done(0)).end(body)
  })
}

/** So many clients, one request after the other each, until `more` says no. */
async function load(port: number, clients: number, more: () => boolean): Promise<Sent[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const sent: Sent[] = []
  const client = async () => {
    while (more()) sent.push(await send(port, agent, picture))
  }
  await Promise.all(Array.from({ length: clients }, client))
  agent.destroy()
  return sent
}

const until = (seconds: number) => {
  const end = performance.now() + 1000 * seconds
  return () => performance.now() < end
}
const times = (count: number) => {
  let left = count
  return () => left-- > 0
}
const percentile = (sent: Sent[], share: number) =>
  sent.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b)[
    Math.floor(sent.length * share)
  ]!
const megabytes = ({ child }: Running) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1000
const statuses = (sent: Sent[]) =>
  Object.entries(Object.groupBy(sent, ({ status }) => status))
    .map(([status, list]) => `${status === '0' ? 'unanswered' : status}: ${list!.length}`)
    .join(', ')

console.log(`node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, ${values.weights}`)

const joined = await start()
const single = await start('--max-batch', '1', '--max-wait', '0ms')
console.log('\n| clients | joining | requests a second | p50 ms | p95 ms | p99 ms |')
console.log('| ------- | ------- | ----------------- | ------ | ------ | ------ |')
for (const clients of [1, 8, 64]) {
  for (const [name, { port }] of [
    ['yes', joined],
    ['no', single],
  ] as const) {
    await load(port, clients, until(1))
    const sent = await load(port, clients, until(Number(values.seconds)))
    const cells = [
      clients,
      name,
      Math.round(sent.length / Number(values.seconds)),
      ...[0.5, 0.95, 0.99].map((share) => percentile(sent, share).toFixed(1)),
    ]
    console.log(`| ${cells.join(' | ')} |`)
  }
}
await stop(single)

const PARTS = 4
const sizes = [megabytes(joined)]
for (let part = 0; part < PARTS; part++) {
  const sent = await load(joined.port, 8, times(Number(values.requests) / PARTS))
  sizes.push(megabytes(joined))
  console.log(`\n${sent.length} requests: ${statuses(sent)}; memory ${sizes.at(-1)!.toFixed(0)} MB`)
}

const agent = new Agent({ keepAlive: true, maxSockets: 16 })
const types = ['image/png', 'application/json', 'multipart/form-data; boundary=x', 'text/plain', '']
let seed = 1
const random = () => {
  seed = (seed * 48271) % 2147483647
  return seed / 2147483647
}
const broken: Sent[] = []
const oneBroken = async (more: () => boolean) => {
  while (more()) {
    const body = Buffer.from(picture.subarray(0, Math.floor(random() * picture.length)))
    for (let i = 0; i < body.length / 8; i++)
      body[Math.floor(random() * body.length)] = random() * 256
    broken.push(await send(joined.port, agent, body, types[Math.floor(random() * types.length)]))
  }
}
const more = times(Number(values.malformed))
await Promise.all(Array.from({ length: 16 }, () => oneBroken(more)))
console.log(`\n${broken.length} malformed bodies: ${statuses(broken)}`)
console.log(`after them: ${statuses([await send(joined.port, agent, picture)])}`)
agent.destroy()

const slow = Array.from({ length: 10 }, () => {
  const socket = connect(joined.port, '127.0.0.1')
  const timer = setInterval(() => socket.write('x'), 200)
  socket.write(
    'POST /classify HTTP/1.1\r\nhost: x\r\ncontent-type: image/png\r\ncontent-length: 100000\r\n\r\n',
  )
  return socket.on('error', () => {}).on('close', () => clearInterval(timer))
})
const beside = await load(joined.port, 8, until(Number(values.seconds)))
console.log(
  `\nbeside ten clients that never end: ${Math.round(beside.length / Number(values.seconds))} requests a second, p99 ${percentile(beside, 0.99).toFixed(1)} ms, ${statuses(beside)}`,
)
for (const socket of slow) socket.destroy()

let stopping = false
const last = load(joined.port, 32, () => !stopping)
await new Promise((resolve) => setTimeout(resolve, 1500))
joined.child.kill('SIGTERM')
await new Promise((resolve) => setTimeout(resolve, 5))
stopping = true
const sent = await last
console.log(
  `\nSIGTERM under load of 32 clients: ${statuses(sent)}; exit code ${await joined.ended}`,
)
