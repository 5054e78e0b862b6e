// Caffe's .caffemodel: a NetParameter whose layers carry their weights as blobs, in the newer form
// (`layer`, field 100) or the one before (`layers`, field 2). A layer's first blob is its weight, the
// second its bias; they are called `conv1.weight`, `conv1.bias`. caffe/src/caffe/proto/caffe.proto.

import { checkShape, lazyTensor, MOST_TENSORS } from './elements.ts'
import { type Field, ProtobufReader } from './protobuf.ts'
import type { RangeSource } from './source.ts'
import { elementCount, elementSize, type LazyTensor, type OpenCheckpoint } from './tensor.ts'

/** Numbers of the fields that matter, in LayerParameter and V1LayerParameter. */
const newForm = { name: 1, blobs: 7 }
const oldForm = { name: 4, blobs: 6 }

/** Opens a .caffemodel file. */
export async function openCaffe(source: RangeSource): Promise<OpenCheckpoint> {
  const reader = new ProtobufReader(source)
  const tensors = new Map<string, LazyTensor>()
  const metadata: Record<string, string> = {}
  for await (const field of reader.fields(0, source.size)) {
    if (field.wireType !== 2) continue
    if (field.number === 1) metadata.name = await reader.text(field)
    else if (field.number === 100) await readLayer(reader, field, newForm, tensors)
    else if (field.number === 2) await readLayer(reader, field, oldForm, tensors)
  }
  return { format: 'caffe', tensors, metadata, close: async () => source.close?.() }
}

async function readLayer(
  reader: ProtobufReader,
  layer: Field,
  numbers: { name: number; blobs: number },
  tensors: Map<string, LazyTensor>,
): Promise<void> {
  let name = ''
  const blobs: Field[] = []
  for await (const field of reader.fields(layer.start, layer.end)) {
    if (field.wireType !== 2) continue
    if (field.number === numbers.name) name = await reader.text(field)
    else if (field.number === numbers.blobs) blobs.push(field)
    if (blobs.length + tensors.size > MOST_TENSORS) reader.fail('too many blobs', field.tag)
  }
  for (const [index, blob] of blobs.entries()) {
    const key = `${name}.${['weight', 'bias'][index] ?? index}`
    if (tensors.has(key)) reader.fail(`blob '${key}' is there twice`, blob.tag)
    tensors.set(key, await readBlob(reader, blob, key, index === 1))
  }
}

async function readBlob(
  reader: ProtobufReader,
  blob: Field,
  name: string,
  isBias: boolean,
): Promise<LazyTensor> {
  const fourExtents = [1, 1, 1, 1]
  let shape: number[] | undefined
  let hasFour = false
  const data: Field[] = []
  const doubles: Field[] = []
  for await (const field of reader.fields(blob.start, blob.end)) {
    if (field.number >= 1 && field.number <= 4 && field.wireType === 0) {
      fourExtents[field.number - 1] = field.value
      hasFour = true
    } else if (field.number === 7 && field.wireType === 2) {
      shape = []
      for await (const dimension of reader.fields(field.start, field.end)) {
        if (dimension.number === 1) shape.push(...(await reader.integers(dimension, 64)))
      }
    } else if (field.number === 5) data.push(field)
    else if (field.number === 8) doubles.push(field)
  }
  const storedAs = doubles.length > 0 ? 'float64' : 'float32'
  const pieces = doubles.length > 0 ? doubles : data
  const where = { path: reader.source.path, offset: blob.tag }
  const extents = checkShape(shape ?? (hasFour ? oldShape(fourExtents, isBias) : []), name, where)
  const needed = elementCount(extents) * elementSize(storedAs)
  const [first] = pieces
  if (first?.wireType !== 2 || pieces.length > 1 || first.end - first.start !== needed) {
    reader.fail(`blob '${name}' of shape [${extents}] needs ${needed} bytes in one piece`, blob.tag)
  }
  return lazyTensor(reader.source, name, { storedAs, shape: extents, offset: first!.start })
}

/**
 * The shape of a blob from before shapes: always four extents, ones in front. A bias is the last one; a
 * matrix of a fully connected layer the last two.
 */
function oldShape(extents: number[], isBias: boolean): number[] {
  if (isBias) return extents.slice(-1)
  return extents[0] === 1 && extents[1] === 1 ? extents.slice(-2) : extents
}

/** Names of the layers in core's variants `caffe` and `caffenet` by those of Caffe's networks. */
const variantLayers: Record<string, string> = {
  conv1: 'features.0',
  conv2: 'features.4',
  conv3: 'features.8',
  conv4: 'features.10',
  conv5: 'features.12',
  fc6: 'classifier.0',
  fc7: 'classifier.3',
  fc8: 'classifier.6',
}

/**
 * The same tensors under the names of the variants `caffe` and `caffenet`: `conv1.weight` of a .caffemodel
 * or `conv1_w_0` of its ONNX conversion becomes `features.0.weight`. Other names stay.
 *
 * Caffe's networks want blue, green, red pixels of 0 to 255 minus a mean; convert pictures so, or turn the
 * first layer's channels around.
 */
export function withVariantNames<T>(tensors: ReadonlyMap<string, T>): Map<string, T> {
  const renamed = new Map<string, T>()
  for (const [name, tensor] of tensors) {
    const match = /^(\w+?)(?:\.(weight|bias)|_([wb])_0)$/.exec(name)
    const layer = match && Object.hasOwn(variantLayers, match[1]!) && variantLayers[match[1]!]
    const part = match?.[2] ?? (match?.[3] === 'w' ? 'weight' : 'bias')
    renamed.set(layer ? `${layer}.${part}` : name, tensor)
  }
  return renamed
}
