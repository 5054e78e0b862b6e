export {
  encodeOnnxGraph,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxNode,
  type OnnxValue,
} from './encode.ts'
export { encodeOnnx, type OnnxNetwork, onnxGraph } from './network.ts'
