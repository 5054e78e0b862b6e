// What runs anywhere, in pages too: the contract, a communicator of one. Joining a job is in ./node.
export { agree } from './agree.ts'
export {
  alone,
  type Communicator,
  RankError,
  type ReduceOptions,
  type Traffic,
  type Wire,
} from './communicator.ts'
export { rangeOf } from './ranges.ts'
