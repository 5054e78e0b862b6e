export {
  encodeOnnxGraph,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxNode,
  type OnnxValue,
} from './encode.ts'
export {
  encodeOnnx,
  type LayerDescription,
  type NetworkDescription,
  onnxGraph,
} from './network.ts'
