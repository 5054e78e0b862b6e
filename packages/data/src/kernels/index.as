// Everything that the module exports. Memory is laid out by ../pixel-module.ts.

export { decodeScan, convertRows } from './jpeg'
export { resampleRows, resampleColumns } from './resample'
