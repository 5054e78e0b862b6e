export { agree } from './agree.ts'
export {
  alone,
  type Communicator,
  RankError,
  type ReduceOptions,
  type Traffic,
  type Wire,
} from './communicator.ts'
export { type Launch, launchOf } from './launch.ts'
export { type OpenOptions, openCommunicator } from './open.ts'
export { rangeOf } from './ranges.ts'
