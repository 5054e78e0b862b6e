export { type Launch, launchOf } from './launch.ts'
export { MpiError } from './mpi.ts'
export { type OpenOptions, openCommunicator } from './open.ts'
