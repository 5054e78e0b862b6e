// What the tests run under mpirun to see a job end: `stopped`, a rank is stopped as a machine that hangs;
// `late`, it does not come to an exchange; `killed`, it dies.

import { openCommunicator } from '../node.ts'

const [how = 'late'] = process.argv.slice(2)
const communicator = await openCommunicator({
  deadlineSeconds: how === 'late' ? 2 : 60,
  silenceSeconds: how === 'late' ? 60 : 3,
})
await communicator.allReduce(Float32Array.of(1))
if (communicator.rank === 1) {
  if (how === 'stopped') process.kill(process.pid, 'SIGSTOP')
  if (how === 'killed') process.kill(process.pid, 'SIGKILL')
  if (how === 'late') await new Promise((resolve) => setTimeout(resolve, 60_000))
}
await communicator.allReduce(Float32Array.of(1))
await new Promise((resolve) => setTimeout(resolve, 60_000))
