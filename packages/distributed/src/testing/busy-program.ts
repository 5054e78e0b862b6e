// Leaves a job while the calling thread is busy, so that the end of MPI's thread is seen before its last answer.

import { openCommunicator } from '../node.ts'

const communicator = await openCommunicator()
const busy = setInterval(() => {
  const end = performance.now() + 300
  while (performance.now() < end);
}, 1)
await communicator.close()
clearInterval(busy)
process.stdout.write(`${JSON.stringify({ left: communicator.rank })}\n`)
