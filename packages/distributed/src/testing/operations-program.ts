// What the tests run under mpirun: every operation, its results as one line of JSON for each rank.

import { agree } from '../index.ts'
import { openCommunicator } from '../node.ts'

const communicator = await openCommunicator()
const { rank, size, library } = communicator
const values = communicator.allocate(1001)
values.forEach((_, at) => {
  values[at] = Math.fround(Math.sin(at + rank * 1000) * 10 ** (rank % 3))
})
const plain = new Float32Array(values)
const half = new Float32Array(values)
const few = Float32Array.of(rank + 1)
await Promise.all([
  communicator.allReduce(values),
  communicator.allReduce(plain),
  communicator.allReduce(half, { wire: 'float16' }),
  communicator.allReduce(few),
])
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const bytes = new TextEncoder().encode('x'.repeat(rank * 3))
const gathered = (await communicator.allGather(bytes)).map(text)
const rooted = (await communicator.gather(new Uint8Array([rank]), 1)).map((one) => one[0])
const told = text(await communicator.broadcast(new TextEncoder().encode(`from ${rank}`), 1))
const row = (of: number) => Float32Array.of(rank * 10 + of)
const incoming = Array.from({ length: size }, () => new Float32Array(1))
communicator.exchangeSync(
  incoming.map((_, of) => row(of)),
  incoming,
)
await agree(communicator, { recipe: 'same' })
const differs = await agree(communicator, { recipe: `{"rate":${rank === 1 ? 2 : 1}}` }).catch(
  (error: Error) => error.message,
)
await communicator.barrier()
const { sent } = communicator.traffic
const report = JSON.stringify({
  rank,
  size,
  library,
  gathered,
  rooted,
  told,
  differs,
  sent,
  values: [...values],
  plain: [...plain],
  half: [...half],
  few: few[0],
  incoming: incoming.map((array) => array[0]),
})
// By rank 0: launchers mix what several ranks print at once.
const reports = await communicator.gather(new TextEncoder().encode(report))
await communicator.close()
for (const line of reports.map(text)) console.log(line)
