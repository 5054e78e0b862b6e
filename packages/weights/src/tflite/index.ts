export {
  encodeTfliteGraph,
  type TfliteGraph,
  type TfliteOperator,
  type TfliteTensor,
} from './encode.ts'
export { encodeTflite, type TfliteNetwork, tfliteGraph } from './network.ts'
export type { OperatorOptions, TfliteDType, TfliteOperatorName } from './schema.ts'
