// Files made to cost a reader far more than their size: each family once, at any scale. At scale 1 they are as
// large as files up to 32 MiB can be made to hurt; the fuzzer damages small ones.

import { deflateRawSync } from 'node:zlib'
import { encodeNpyHeader } from '../npy.ts'
import { ProtobufWriter } from '../protobuf.ts'
import { zipOf } from './zip-of.ts'

const MIB = 1024 * 1024
const text = (value: string) => new Uint8Array(Buffer.from(value, 'latin1'))
const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

/** A pickle's instructions as text, `\x80` and the like for bytes. */
function int32(value: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes.toString('latin1')
}
const unicode = (value: string) => `X${int32(value.length)}${value}`
const tuple = (values: number[]) => `(${values.map((value) => `J${int32(value)}`).join('')}t`
const storage = (count: number, key = '0') =>
  `(${unicode('storage')}ctorch\nFloatStorage\n${unicode(key)}${unicode('cpu')}J${int32(count)}tQ`
const tensor = (count: number, offset: number, shape: number[], strides: number[], key?: string) =>
  `ctorch._utils\n_rebuild_tensor_v2\n(${storage(count, key)}J${int32(offset)}${tuple(shape)}` +
  `${tuple(strides)}\x89ccollections\nOrderedDict\n)RtR`

/** A PyTorch file whose data.pkl is deflated, as are the storages that are not `stored`. */
function torchFile(pickle: string, storages: Record<string, Uint8Array> = {}, isStored = false) {
  const packed = (name: string, data: Uint8Array) => ({
    name: `x/${name}`,
    data: deflateRawSync(data, { level: 1 }),
    method: 8,
    size: data.length,
    crc: 0,
  })
  const entries = Object.entries(storages).map(([key, data]) =>
    isStored ? { name: `x/data/${key}`, data } : packed(`data/${key}`, data),
  )
  return zipOf([packed('data.pkl', text(`\x80\x02${pickle}.`)), ...entries])
}

const several = (count: number, make: (index: number) => string) =>
  Array.from({ length: Math.max(1, Math.round(count)) }, (_, index) => make(index)).join('')

function protobuf(fields: Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  // ModelProto.ir_version, then a graph.
  const writer = new ProtobufWriter().integer(1, 8)
  const graph = new ProtobufWriter()
  for (const field of fields) graph.bytes(5, field)
  return join(...writer.message(7, graph).chunks)
}

function safetensors(header: string, data = new Uint8Array(0)): Uint8Array {
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  return join(length, text(header), data)
}

/** Each family's file; `scale` from 0 to 1. */
export const hostileFiles: Record<string, (scale: number) => Uint8Array> = {
  'long names joined': (scale) => {
    const name = 'a'.repeat(10_000_000 * scale)
    return torchFile(`${unicode(name)}q\0${several(3000 * scale, () => 'h\0h\0\x930')}N`)
  },
  'a deflated storage of which one element is wanted': (scale) => {
    const count = Math.round((160 * MIB * scale) / 4) + 1
    const pickle = `}${unicode('w')}${tensor(count, count - 1, [1], [1])}s`
    return torchFile(pickle, { 0: new Uint8Array(4 * count) })
  },
  'a deflated storage of many tensors': (scale) => {
    const count = Math.round((48 * MIB * scale) / 4) + 3000
    const pickle = several(
      2000 * scale,
      (i) => `${unicode(`w${i}`)}${tensor(count, count - 1 - i, [1], [1])}`,
    )
    return torchFile(`}(${pickle}u`, { 0: new Uint8Array(4 * count) })
  },
  'two deflated storages in turn': (scale) => {
    const count = Math.round((24 * MIB * scale) / 4) + 3000
    const pickle = several(
      2000 * scale,
      (i) => `${unicode(`w${i}`)}${tensor(count, count - 1 - i, [1], [1], String(i % 2))}`,
    )
    const elements = new Uint8Array(4 * count)
    return torchFile(`}(${pickle}u`, { 0: elements, 1: elements })
  },
  'tensors that span a whole storage': (scale) => {
    const count = Math.round((16 * MIB * scale) / 4) + 6000
    const pickle = several(5000 * scale, (i) => {
      return `${unicode(`w${i}`)}${tensor(count, i, [2], [count - 6000])}`
    })
    return torchFile(`}(${pickle}u`, { 0: new Uint8Array(4 * count) }, true)
  },
  'a dictionary copied again and again': (scale) => {
    const pairs = `}(${several(65_536 * scale, (i) => `J${int32(i)}N`)}u`
    const copies = several(150 * scale, () => 'h\0h\x01R')
    return torchFile(
      `ccollections\nOrderedDict\nq\0${pairs}q\x02\x85q\x01(${copies}t}${unicode('w')}Ns\x86`,
    )
  },
  'values under many marks': (scale) =>
    torchFile(`${several(5, () => `(${'N'.repeat(900_000 * scale)}`)}ttttt`),
  'many small dictionaries': (scale) => torchFile(`(${'}'.repeat(300_000 * scale)}t`),
  'texts that unpack': (scale) =>
    torchFile(
      `(${several(62, () => `X${int32(Math.round(MIB * scale))}${'a'.repeat(Math.round(MIB * scale))}`)}t`,
    ),
  'an instruction millions of times': (scale) => torchFile(`${'N0'.repeat(2_499_000 * scale)}N`),
  'dictionaries that unfold': (scale) => {
    const levels = Math.max(2, Math.round(40 * scale))
    const get = (index: number) => `h${String.fromCharCode(index)}`
    const nested = Array.from(
      { length: levels },
      (_, i) =>
        `}(${unicode('a')}${get(i)}${unicode('b')}${get(i)}uq${String.fromCharCode(i + 1)}0`,
    )
    const first = `}${unicode('w')}${tensor(1, 0, [1], [1])}sq\x000`
    return torchFile(`${first}${nested.join('')}${get(levels)}`, { 0: new Uint8Array(4) })
  },
  'a safetensors header of nothing': (scale) =>
    safetensors(`{"a":[${'{},'.repeat(10 * MIB * scale)}{}]}`),
  'a safetensors header of metadata': (scale) =>
    safetensors(`{"__metadata__":{${several(2_000_000 * scale, (i) => `"${i}":"",`)}"a":"b"}}`),
  'a safetensors header of tensors': (scale) =>
    safetensors(
      `{${several(20_000 * scale, (i) => `"w${i}":{"dtype":"F32","shape":[1],"data_offsets":[${4 * i},${4 * i + 4}]},`).slice(0, -1)}}`,
      new Uint8Array(4 * Math.max(1, Math.round(20_000 * scale))),
    ),
  'a model.json of nothing': (scale) =>
    text(`{"weightsManifest":[${'{},'.repeat(10 * MIB * scale)}{}]}`),
  'a model.json with a long topology': (scale) =>
    text(`{"modelTopology":[${'{"a":[1,2.5]},'.repeat(2 * MIB * scale)}{}],"weightsManifest":[]}`),
  varints: (scale) => {
    const count = Math.round(1_000_000 * scale) + 1
    const numbers = new Uint8Array(count).fill(1)
    const one = (index: number) => {
      const writer = new ProtobufWriter().integer(1, count).integer(2, 7).text(8, `w${index}`)
      return join(...writer.bytes(7, numbers).chunks)
    }
    return protobuf(Array.from({ length: 20 }, (_, index) => one(index)))
  },
  'elements in millions of pieces': (scale) => {
    const count = Math.round(990_000 * scale)
    const pieces = text('\x25\0\0\x80\x3f'.repeat(count))
    const writer = new ProtobufWriter().integer(1, count).integer(2, 1).text(8, 'w')
    return protobuf([join(...writer.chunks, pieces)])
  },
  'an ONNX file of fields': (scale) =>
    join(text('\x08\x08'), text('\x08\x01'.repeat(16 * MIB * scale))),
  'a Caffe file of fields': (scale) =>
    join(text('\x0a\x01a\xa2\x06\x00'), text('\xa2\x06\x00'.repeat(999_000 * scale))),
  'an .npz of tens of thousands of arrays': (scale) => {
    const array = join(encodeNpyHeader([1]), new Uint8Array(4))
    return zipOf(
      Array.from({ length: Math.max(1, 8_000 * scale) }, (_, i) => ({
        name: `${i}.npy`,
        data: array,
        crc: 0,
      })),
    )
  },
  'a compressed .npz of tens of thousands of arrays': (scale) => {
    const array = join(encodeNpyHeader([1]), new Uint8Array(4))
    const data = deflateRawSync(array)
    const entry = { data, method: 8, size: array.length, crc: 0 }
    return zipOf(
      Array.from({ length: Math.max(1, 8_000 * scale) }, (_, i) => ({
        name: `${i}.npy`,
        ...entry,
      })),
    )
  },
  'a PyTorch file of empty entries': (scale) => {
    const empty = new Uint8Array(0)
    const pickle = text(`\x80\x02}${unicode('w')}${tensor(0, 0, [0], [1])}s.`)
    const entries = Array.from({ length: 32_767 * scale }, (_, i) => ({
      name: `x/data/${i}`,
      data: empty,
    }))
    return zipOf([
      { name: 'x/data.pkl', data: pickle },
      { name: 'x/data/0', data: empty },
      ...entries.slice(1),
    ])
  },
  'an .npy header of spaces': (scale) => {
    const body = `{'descr': '<f4', 'fortran_order': False, 'shape': (1${' '.repeat(4000 * scale)},${' '.repeat(4000 * scale)}x), }`
    const header = Buffer.alloc(10)
    header.write('\x93NUMPY\x01\0', 'latin1')
    header.writeUInt16LE(body.length, 8)
    const array = join(header, text(body))
    return zipOf(
      Array.from({ length: Math.max(1, 3000 * scale) }, (_, i) => ({
        name: `${i}.npy`,
        data: array,
        crc: 0,
      })),
    )
  },
}
