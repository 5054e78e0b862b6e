// Where the benchmark's server has what a page needs.

export const paths = {
  page: '/',
  bundle: '/bundle/',
  data: '/data/',
  onnxRuntime: '/onnxruntime/',
  liteRt: '/litert/',
  tfjsWasm: '/tfjs-wasm/',
} as const
