// NumPy's .npy format, version 1.0, so that features go straight into numpy.load.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

/**
 * The header of a .npy file of little-endian float32, row-major; the elements follow it.
 *
 * @param shape extents, outermost first.
 */
export function encodeNpyHeader(shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`
  // Magic (6), version (2), length (2), text, spaces and a newline: a multiple of 64 together.
  const total = Math.ceil((10 + text.length + 1) / 64) * 64
  const bytes = new Uint8Array(total).fill(0x20)
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0])
  new DataView(bytes.buffer).setUint16(8, total - 10, true)
  bytes.set(new TextEncoder().encode(text), 10)
  bytes[total - 1] = 0x0a
  return bytes
}
