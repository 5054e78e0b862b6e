// Where the benchmark's server has what a page needs.

export const paths = {
  page: '/',
  bundle: '/bundle/',
  data: '/data/',
  onnxRuntime: '/onnxruntime/',
  tfjsWasm: '/tfjs-wasm/',
} as const
