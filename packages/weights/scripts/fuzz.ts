// Feeds damaged checkpoints of every format to the reader, and small ones of the hostile families, damaged or not.
// Whatever is in them, the reader must give tensors or a CheckpointError, soon and in little memory. Run it as
//   node scripts/fuzz.ts [--files 100000] [--seed 1]
// A failure prints the seed's file and is written to fuzz-failure.bin.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import {
  CheckpointError,
  encodeLayersModel,
  encodeSafetensors,
  encodeShards,
  quantize,
  readCheckpoint,
} from '../src/index.ts'
import { hostileFiles } from '../src/testing/hostile.ts'

/** A whole file to start from, and the files that belong to it. */
export interface Sample {
  name: string
  bytes: Uint8Array
  files?: Map<string, Uint8Array> | undefined
}

/** What came of damaged files. */
export interface FuzzReport {
  files: number
  /** Damage that the reader did not have to notice, such as another weight. */
  read: number
  refused: number
  /** Refusals that name a byte. */
  withOffset: number
  slowestMs: number
  /** The sample that the slowest was made from. */
  slowest: string
  /** Most memory that one file took beyond 8 times its size, in MiB: heap and buffers once it was read. */
  mostMiB: number
  largest: string
  /** Files damaged, by sample. */
  bySample: Map<string, number>
}

/** Every fixture, and files of the formats that this package writes itself. */
export async function fuzzSamples(folder: URL): Promise<Sample[]> {
  const samples: Sample[] = readdirSync(folder)
    .filter((name) => /\.(pt|npz|onnx|caffemodel)$/.test(name))
    .map((name) => ({ name, bytes: new Uint8Array(readFileSync(new URL(name, folder))) }))
  const found = new URL('found/', folder)
  for (const name of readdirSync(found).filter((file) => !/\.(json|data)$/.test(file))) {
    const bytes = new Uint8Array(readFileSync(new URL(name, found)))
    const isOutside = name === 'external.onnx'
    const data = isOutside ? new Uint8Array(readFileSync(new URL(`${name}.data`, found))) : bytes
    samples.push({ name, bytes, files: isOutside ? new Map([[`${name}.data`, data]]) : undefined })
  }
  for (const [name, make] of Object.entries(hostileFiles)) {
    for (const scale of [1 / 10_000, 1 / 2000]) samples.push({ name, bytes: make(scale) })
  }
  const weights = new Map([
    ['a/kernel', { dtype: 'float32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
    ['a/bias', { dtype: 'float32', shape: [3], data: Float32Array.of(-1, 0, 1) }],
  ] as const)
  const join = (chunks: Uint8Array[]) => new Uint8Array(Buffer.concat(chunks))
  samples.push({ name: 'plain.safetensors', bytes: join(encodeSafetensors(weights, { a: 'b' })) })
  const { tensors, metadata } = quantize(weights, 'int8')
  const small = encodeSafetensors(tensors, metadata)
  samples.push({ name: 'int8.safetensors', bytes: join(small) })
  const models = [
    encodeLayersModel({ topology: {}, weights, quantization: 'float16', shardBytes: 7 }),
    await encodeShards('int8.safetensors', small, 64),
  ]
  for (const [index, [list, ...others]] of models.entries()) {
    const files = new Map(others.map(({ path, chunks }) => [path, join(chunks)]))
    samples.push({ name: ['model.json', 'shards.json'][index]!, bytes: join(list!.chunks), files })
  }
  return samples
}

/** Numbers between 0 and `limit`, the same for the same seed (mulberry32). */
function generator(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }
}

/** Values that parsers stumble over. */
const traps = [0n, 1n, 0x7fn, 0x80n, 0xffn, 0xffffn, 0x7fffffffn, 0x80000000n, 0xffffffffn]
traps.push(2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 40n)

/** A damaged copy of one sample, at times with pieces of another. */
export function damage(
  bytes: Uint8Array,
  other: Uint8Array,
  random: (limit: number) => number,
): Uint8Array {
  let file = bytes.slice()
  const times = 1 + random(4)
  for (let time = 0; time < times; time++) {
    const place = random(file.length + 1)
    const length = 1 + random(random(2) ? 8 : 200)
    const [before, after] = [file.subarray(0, place), file.subarray(place)]
    const glue = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
    switch (random(8)) {
      case 0:
      case 1:
        if (place < file.length) file[place] = random(256)
        break
      case 2:
        if (place < file.length) file[place]! ^= 1 << random(8)
        break
      case 3: {
        const trap = new DataView(new ArrayBuffer(8))
        trap.setBigUint64(0, traps[random(traps.length)]!, random(4) > 0)
        const size = [1, 2, 4, 8][random(4)]!
        file.set(
          new Uint8Array(trap.buffer).subarray(0, Math.min(size, file.length - place)),
          place,
        )
        break
      }
      case 4:
        file = glue(before, after.subarray(length))
        break
      case 5:
        file = glue(before, after.subarray(0, length), after)
        break
      case 6: {
        const start = random(other.length)
        file = glue(
          before,
          other.subarray(start, start + length),
          after.subarray(random(2) * length),
        )
        break
      }
      default:
        if (random(3) === 0) file = file.slice(0, place)
        else if (place < file.length) file.fill(random(256), place, place + random(16))
    }
  }
  return file
}

/**
 * Reads damaged files.
 *
 * @throws Error at the first file that gives any other error than CheckpointError, with the file as cause.
 */
export async function fuzz(samples: Sample[], files: number, seed: number): Promise<FuzzReport> {
  const report: FuzzReport = {
    files,
    read: 0,
    refused: 0,
    withOffset: 0,
    slowestMs: 0,
    slowest: '',
    mostMiB: 0,
    largest: '',
    bySample: new Map(),
  }
  const random = generator(seed)
  for (let index = 0; index < files; index++) {
    const sample = samples[index % samples.length]!
    const other = samples[random(samples.length)]!
    // Hostile ones as they are, too: damage mostly makes them harmless.
    const isWhole = Object.hasOwn(hostileFiles, sample.name) && random(4) === 0
    const bytes = isWhole ? sample.bytes : damage(sample.bytes, other.bytes, random)
    report.bySample.set(sample.name, (report.bySample.get(sample.name) ?? 0) + 1)
    // Half of the zip files without checksums, so that damage gets as far as the pickle.
    const options = { verify: random(2) === 0, files: sample.files }
    const before = memoryNow()
    const start = performance.now()
    try {
      await readCheckpoint(bytes, options)
      report.read++
    } catch (error) {
      if (!(error instanceof CheckpointError)) {
        const what = `file ${index} of seed ${seed}, made from ${sample.name}`
        throw Object.assign(new Error(`${what}: ${error}`, { cause: error }), { bytes })
      }
      report.refused++
      if (error.offset !== undefined) report.withOffset++
    }
    const took = performance.now() - start
    if (took > report.slowestMs) {
      report.slowestMs = took
      report.slowest = sample.name
    }
    const memory = (memoryNow() - before - 8 * bytes.length) / 2 ** 20
    if (memory > report.mostMiB) {
      report.mostMiB = memory
      report.largest = sample.name
    }
  }
  return report
}

function memoryNow(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      files: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
    },
  })
  const samples = await fuzzSamples(new URL('../fixtures/', import.meta.url))
  const start = performance.now()
  try {
    const report = await fuzz(samples, Number(values.files), Number(values.seed))
    const { bySample, ...counts } = report
    console.log(counts)
    console.log(Object.fromEntries(bySample))
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    const peak = Math.round(process.resourceUsage().maxRSS / 1024)
    console.log(`${seconds} s, peak memory ${peak} MiB`)
  } catch (error) {
    const { bytes } = error as { bytes?: Uint8Array }
    if (bytes) writeFileSync('fuzz-failure.bin', bytes)
    throw error
  }
}
