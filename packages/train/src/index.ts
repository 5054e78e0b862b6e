// @alexnet/train: the loop, what it is made of, and recipes that name every number of a run.
export { AdamW, type AdamWOptions } from './adamw.ts'
export type { BatchSource, TrainingBatch } from './batch.ts'
export { fitTemperature, Reliability, type ReliabilityBin } from './calibration.ts'
export type { CheckpointTensor, StoredCheckpoint, TrainingCheckpoint } from './checkpoint.ts'
export {
  answersTo,
  type EvaluateOptions,
  type Evaluation,
  evaluate,
  evaluationOf,
  type Mistake,
} from './evaluate.ts'
export type {
  CheckpointEvent,
  EndEvent,
  EpochEvent,
  EpochRecord,
  StepEvent,
  TrainEvent,
} from './events.ts'
export {
  type BatchPosition,
  createTrainer,
  type FitRecipeOptions,
  fitRecipe,
  type PrepareRecipeOptions,
  prepareRecipe,
  type RecipePreparation,
  recipeBatches,
  recipePreset,
} from './fit-recipe.ts'
export { createOptimizer, scheduleOf } from './from-recipe.ts'
export { crossEntropy } from './loss.ts'
export { Confusion, classAccuracies, countRight, type Metrics } from './metrics.ts'
export { Optimizer, type OptimizerOptions, type OptimizerState } from './optimizer.ts'
export { bytesPerStep, chooseParallel } from './ranks/bytes.ts'
export type { RanksOptions } from './ranks/ranked-step.ts'
export { shareCheckpoint } from './ranks/share-checkpoint.ts'
export {
  getRecipe,
  type OptimizerRecord,
  type Recipe,
  type RecipeName,
  recipes,
} from './recipes.ts'
export {
  constant,
  cosine,
  createSchedule,
  oneCycle,
  type PlateauOptions,
  plateau,
  type Schedule,
  type ScheduleHistory,
  type ScheduleRecord,
  steps,
  withWarmUp,
} from './schedule.ts'
export { Sgd, type SgdOptions } from './sgd.ts'
export type { StepOptions } from './step-types.ts'
export { type FitOptions, scoreOf, Trainer, type TrainerOptions, TrainingError } from './trainer.ts'
export { WeightAverage } from './weight-average.ts'
export { fits, type WeightRule, type WeightTreatment } from './weight-rules.ts'
