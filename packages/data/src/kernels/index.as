// Everything that the module exports. Memory is laid out by ../pixel-module.ts.

export { convertRows } from './jpeg-color'
export { decodeScan } from './jpeg-scan'
export { resampleRows, resampleColumns } from './resample'
