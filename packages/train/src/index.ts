export type { Batch, BatchSource } from './batch.ts'
export type { Checkpoint, CheckpointTensor, StoredCheckpoint } from './checkpoint.ts'
export { type EvaluateOptions, evaluate } from './evaluate.ts'
export { countRight, crossEntropy, type Metrics } from './loss.ts'
export { constant, oneCycle, type Schedule, steps } from './schedule.ts'
export { Sgd, type SgdOptions } from './sgd.ts'
export {
  type CheckpointEvent,
  type EpochEvent,
  type FitOptions,
  type StepEvent,
  type TrainEvent,
  Trainer,
  TrainingError,
} from './trainer.ts'
