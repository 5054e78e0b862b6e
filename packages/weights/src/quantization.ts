// Smaller weights. float16 halves a file and changes no answer worth naming; int8 with one scale per
// output channel quarters it: q = round(w / scale), scale = max |w| / 127 over that channel. Biases and
// other vectors stay float32, being small and added to large sums. What was done is told in the
// file's metadata, so that reading gives float32 back without being asked.

import { CheckpointError } from './error.ts'
import { narrowToFloat16 } from './half.ts'
import {
  type Checkpoint,
  elementCount,
  type LazyTensor,
  type NamedTensor,
  type OpenCheckpoint,
  requireWhole,
  type StoredTensor,
} from './tensor.ts'

/** How weights can be made smaller. */
export type Quantization = 'float16' | 'int8'

/** Key of the metadata that names the int8 tensors: JSON, `{ tensor: name of its scales }`. */
export const QUANTIZATION_KEY = 'int8-scales'

/** Tensors ready for a file, and the metadata that has to go with them. */
export interface Quantized {
  tensors: Map<string, StoredTensor>
  metadata: Record<string, string>
  /** Largest change of any weight, by tensor. */
  largestChange: Map<string, number>
}

/**
 * Makes weights smaller.
 *
 * @param tensors float32 tensors in PyTorch's layouts, output channels first; others stay as they are.
 * @param kind `float16`: every float32 tensor; `int8`: those of two axes or more, each with a float32
 *   tensor `NAME.scale` of one number per output channel beside it.
 * @throws RangeError for numbers that are not finite, or too large for float16 (65504), naming the tensor.
 */
export function quantize(tensors: ReadonlyMap<string, NamedTensor>, kind: Quantization): Quantized {
  if (kind !== 'float16' && kind !== 'int8') {
    throw new RangeError(`quantization must be 'float16' or 'int8', found ${JSON.stringify(kind)}`)
  }
  const result: Quantized = { tensors: new Map(), metadata: {}, largestChange: new Map() }
  const scales: Record<string, string> = {}
  for (const [name, tensor] of tensors) {
    requireWhole(name, tensor)
    const isInt8 = kind === 'int8' && tensor.shape.length >= 2
    if (tensor.dtype !== 'float32' || (kind === 'int8' && !isInt8)) {
      result.tensors.set(name, tensor)
      continue
    }
    const values = tensor.data as Float32Array
    requireFinite(name, values, kind === 'float16' ? 65504 : Number.MAX_VALUE)
    if (!isInt8) {
      const data = narrowToFloat16(values)
      result.tensors.set(name, { dtype: 'float16', shape: tensor.shape, data })
      result.largestChange.set(name, largestFloat16Change(values))
      continue
    }
    const { data, scale, largestChange } = toInt8(values, tensor.shape)
    const scaleName = `${name}.scale`
    if (tensors.has(scaleName)) throw new RangeError(`there is a tensor '${scaleName}' already`)
    scales[name] = scaleName
    result.tensors.set(name, { dtype: 'int8', shape: tensor.shape, data })
    result.tensors.set(scaleName, { dtype: 'float32', shape: [scale.length], data: scale })
    result.largestChange.set(name, largestChange)
  }
  if (kind === 'int8') result.metadata[QUANTIZATION_KEY] = JSON.stringify(scales)
  return result
}

function requireFinite(name: string, values: Float32Array, largest: number): void {
  for (let i = 0; i < values.length; i++) {
    if (Math.abs(values[i]!) <= largest) continue
    throw new RangeError(
      `tensor '${name}' has the value ${values[i]} at index ${i}, which cannot be quantised`,
    )
  }
}

/** Half a unit in the last place of 11 bits, at the largest magnitude: a bound, not a search. */
function largestFloat16Change(values: Float32Array): number {
  let largest = 0
  for (const value of values) largest = Math.max(largest, Math.abs(value))
  if (largest === 0) return 0
  return 2 ** (Math.max(-14, Math.floor(Math.log2(largest))) - 11)
}

function toInt8(values: Float32Array, shape: readonly number[]) {
  const channels = shape[0]!
  const perChannel = channels === 0 ? 0 : values.length / channels
  const data = new Int8Array(values.length)
  const scale = new Float32Array(channels)
  let largestChange = 0
  for (let channel = 0; channel < channels; channel++) {
    const end = (channel + 1) * perChannel
    let largest = 0
    for (let i = end - perChannel; i < end; i++) largest = Math.max(largest, Math.abs(values[i]!))
    scale[channel] = largest / 127
    const step = scale[channel]!
    if (step === 0) continue
    for (let i = end - perChannel; i < end; i++) {
      const level = Math.max(-127, Math.min(127, Math.round(values[i]! / step)))
      data[i] = level
      largestChange = Math.max(largestChange, Math.abs(Math.fround(level * step) - values[i]!))
    }
  }
  return { data, scale, largestChange }
}

/** int8 weights times the scales of their output channels, as float32. */
function toFloat32(data: Int8Array, scale: Float32Array): Float32Array {
  const values = new Float32Array(data.length)
  const perChannel = data.length / scale.length
  for (let channel = 0; channel < scale.length; channel++) {
    const step = scale[channel]!
    const end = (channel + 1) * perChannel
    for (let i = end - perChannel; i < end; i++) values[i] = data[i]! * step
  }
  return values
}

interface Where {
  path?: string | undefined
}

/**
 * Gives a checkpoint's int8 weights back as float32, and takes their scales out; others are as they were.
 *
 * @throws CheckpointError when the metadata names tensors that do not fit.
 */
export function dequantize(checkpoint: Checkpoint, where: Where = {}): Checkpoint {
  const pairs = scalePairs(checkpoint, where)
  if (pairs.size === 0) return checkpoint
  const scaleNames = new Set(pairs.values())
  const tensors = new Map<string, NamedTensor>()
  for (const [name, tensor] of checkpoint.tensors) {
    const scaleName = pairs.get(name)
    if (scaleName !== undefined) {
      const scale = checkpoint.tensors.get(scaleName)!.data as Float32Array
      const data = toFloat32(tensor.data as Int8Array, scale)
      tensors.set(name, { dtype: 'float32', shape: tensor.shape, data })
    } else if (!scaleNames.has(name)) tensors.set(name, tensor)
  }
  return { ...checkpoint, tensors, metadata: withoutKey(checkpoint.metadata) }
}

/** {@link dequantize} for a checkpoint whose tensors are read on demand. */
export function dequantizeLazily(opened: OpenCheckpoint, where: Where = {}): OpenCheckpoint {
  const pairs = scalePairs(opened, where)
  if (pairs.size === 0) return opened
  const scaleNames = new Set(pairs.values())
  const tensors = new Map<string, LazyTensor>()
  for (const [name, tensor] of opened.tensors) {
    const scaleName = pairs.get(name)
    if (scaleName !== undefined) {
      const scales = opened.tensors.get(scaleName)!
      const scale = async () => (await scales.load()) as Float32Array
      tensors.set(name, {
        dtype: 'float32',
        storedAs: 'int8',
        shape: tensor.shape,
        load: async () => toFloat32((await tensor.load()) as Int8Array, await scale()),
        ...(tensor.loadRows && {
          loadRows: async (first, count) => {
            const levels = (await tensor.loadRows!(first, count)) as Int8Array
            return toFloat32(levels, (await scale()).subarray(first, first + count))
          },
        }),
      })
    } else if (!scaleNames.has(name)) tensors.set(name, tensor)
  }
  return { ...opened, tensors, metadata: withoutKey(opened.metadata) }
}

function withoutKey({ [QUANTIZATION_KEY]: _, ...metadata }: Readonly<Record<string, string>>) {
  return metadata
}

/** Names of int8 tensors and their scales, checked against the tensors that are there. */
function scalePairs(
  {
    tensors,
    metadata,
  }: {
    tensors: ReadonlyMap<string, { dtype: string; shape: readonly number[] }>
    metadata: Readonly<Record<string, string>>
  },
  { path }: Where,
): Map<string, string> {
  const text = metadata[QUANTIZATION_KEY]
  if (text === undefined) return new Map()
  const fail = (why: string): never => {
    throw new CheckpointError(`the metadata '${QUANTIZATION_KEY}' ${why}`, { path })
  }
  let stored: unknown
  try {
    stored = JSON.parse(text)
  } catch {
    return fail('is no JSON')
  }
  if (typeof stored !== 'object' || stored === null) return fail('is no JSON object')
  const pairs = new Map<string, string>()
  for (const [name, scaleName] of Object.entries(stored)) {
    const tensor = tensors.get(name)
    const scale = tensors.get(scaleName)
    if (!tensor || !scale)
      return fail(`names '${name}' and '${scaleName}', which are not both there`)
    const channels = tensor.shape[0] ?? 0
    if (
      tensor.dtype !== 'int8' ||
      scale.dtype !== 'float32' ||
      scale.shape.length !== 1 ||
      elementCount(scale.shape) !== channels
    ) {
      fail(`pairs '${name}' with '${scaleName}', which is no float32 scale for each output channel`)
    }
    pairs.set(name, scaleName)
  }
  return pairs
}
