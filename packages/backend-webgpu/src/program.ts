// Runs WGSL of our own on tfjs's command queue: pipelines are compiled once per variant and kept where tfjs
// keeps its own, numbers go into one uniform struct whose WGSL is written from the same list of fields, and
// a dispatch joins the compute pass that tfjs's kernels are recorded in.

import * as tf from '@tensorflow/tfjs'
import type { AlexNetWebGPUBackend } from './backend.ts'

/** Names and types of a program's numbers, in their order in memory. */
export type Fields = Readonly<Record<string, 'u32' | 'i32' | 'f32'>>

export type FieldValues<F extends Fields> = Record<keyof F, number>

export interface Program<F extends Fields> {
  /** What the program is, with everything its code depends on: equal names have equal code. */
  name: string
  fields: F
  /** Whether the code uses subgroups, on a device that has them. */
  subgroups?: boolean
  /** WGSL with `struct Parameters` and its binding, which come after the buffers, left out. */
  code: () => string
}

/** A buffer's place in a program: what it binds, in order from @binding(0). */
export interface Run<F extends Fields> {
  buffers: tf.TensorInfo[]
  parameters: FieldValues<F>
  /** Workgroups in x, y, z; see `spread` for more than 65535 in a row. */
  workgroups: [number, number, number]
}

const structs = (fields: Fields, binding: number) => `
struct Parameters {
${Object.entries(fields)
  .map(([name, type]) => `  ${name}: ${type},`)
  .join('\n')}
}
@group(0) @binding(${binding}) var<uniform> p: Parameters;
`

export function run<F extends Fields>(
  backend: AlexNetWebGPUBackend,
  program: Program<F>,
  { buffers, parameters, workgroups }: Run<F>,
): void {
  const compileOnly = tf.env().getBool('WEBGPU_ENGINE_COMPILE_ONLY')
  const tensors = buffers.map((info) => withFloats(backend, info))
  const resources = tensors.map((info) => backend.buffer(info))
  const key = `alexnet ${program.name}${program.subgroups ? ' by subgroups' : ''}`
  const results = () => (written.get(key) ?? []).map((binding) => tensors[binding]!)
  backend.watch(program.name, tensors, results, () => {
    compile(backend, key, program, buffers.length, compileOnly)
    if (compileOnly) return
    record(backend, key, resources, { program, buffers: tensors, parameters, workgroups })
  })
  for (const [i, { dataId }] of tensors.entries()) {
    if (dataId !== buffers[i]!.dataId) backend.disposeData(dataId)
  }
}

/** Bindings that a program writes to, by its key, as its code declares them. */
const written = new Map<string, number[]>()

function compile<F extends Fields>(
  { device, pipelineCache }: AlexNetWebGPUBackend,
  key: string,
  program: Program<F>,
  buffers: number,
  compileOnly: boolean,
): void {
  if (key in pipelineCache) return
  const enabled = program.subgroups ? 'enable subgroups;\n' : ''
  const code = enabled + structs(program.fields, buffers) + program.code()
  const declared = code.matchAll(/@binding\((\d+)\) var<storage, read_write>/g)
  written.set(
    key,
    Array.from(declared, ([, binding]) => Number(binding)),
  )
  const module = device.createShaderModule({ code, label: program.name })
  const descriptor: GPUComputePipelineDescriptor = {
    compute: { module, entryPoint: 'main' },
    label: program.name,
    layout: 'auto',
  }
  pipelineCache[key] = compileOnly
    ? device.createComputePipelineAsync(descriptor)
    : device.createComputePipeline(descriptor)
}

function record<F extends Fields>(
  backend: AlexNetWebGPUBackend,
  key: string,
  resources: GPUBuffer[],
  { program, buffers, parameters, workgroups }: Run<F> & { program: Program<F> },
): void {
  const { device, pipelineCache } = backend
  const pipeline = pipelineCache[key] as GPUComputePipeline
  if (pipeline instanceof Promise)
    throw new Error(`${program.name}: still compiling, await warmUp()`)
  const uniform = uniformBuffer(backend, program.fields, parameters)
  const bindGroup = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [...resources, uniform].map((buffer, binding) => ({ binding, resource: { buffer } })),
  })
  for (const { dataId } of buffers) backend.commandQueueOwnedIds.add(dataId)
  backend.ensureCommandEncoderReady()
  const timers = backend.activeTimers
  const timed = timers !== undefined && timers !== null
  if (timed && backend.supportTimestampQuery) {
    // A pass of its own, as tfjs times its programs.
    backend.endComputePassEncoder()
    const { querySetCount: count } = backend
    backend.querySet ??= device.createQuerySet({ type: 'timestamp', count })
    const { querySet } = backend
    backend.computePassEncoder = backend.commandEncoder!.beginComputePass({
      timestampWrites: { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 },
    })
  }
  backend.computePassEncoder ??= backend.commandEncoder!.beginComputePass()
  const pass = backend.computePassEncoder
  pass.setPipeline(pipeline)
  pass.setBindGroup(0, bindGroup)
  pass.dispatchWorkgroups(...workgroups)
  backend.dispatchCountInPass++
  if (timed) {
    backend.endComputePassEncoder()
    timers.push({ name: program.name, query: backend.getQueryTime() })
  } else if (
    backend.dispatchCountInPass >= tf.env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE')
  ) {
    backend.endComputePassEncoder()
    backend.submitQueue()
  }
}

function uniformBuffer<F extends Fields>(
  backend: AlexNetWebGPUBackend,
  fields: F,
  values: FieldValues<F>,
): GPUBuffer {
  const names = Object.keys(fields)
  const data = new DataView(new ArrayBuffer(Math.ceil(names.length / 4) * 16))
  for (const [i, name] of names.entries()) {
    const value = values[name as keyof F]
    if (fields[name] === 'f32') data.setFloat32(i * 4, value, true)
    else if (fields[name] === 'i32') data.setInt32(i * 4, value, true)
    else data.setUint32(i * 4, value, true)
  }
  const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.UNIFORM
  const buffer = backend.bufferManager.acquireBuffer(data.byteLength, usage)
  backend.queue.writeBuffer(buffer, 0, data.buffer)
  backend.uniformPendingDisposal.push(buffer)
  return buffer
}

/** Folds a row of workgroups into two dimensions; WGSL gets its number back by `groupIndex`. */
export function spread(count: number): [number, number] {
  const most = 65535
  if (count <= most) return [Math.max(1, count), 1]
  const columns = Math.ceil(Math.sqrt(count))
  return [columns, Math.ceil(count / columns)]
}

/** WGSL: the number of a workgroup whose dispatch was spread. Takes the builtins `group` and `groups`. */
const GROUP_INDEX = 'group.y * groups.x + group.x'

const conversion: Program<{ size: 'u32' }> = {
  name: 'integers to floats',
  fields: { size: 'u32' },
  code: () => `
@group(0) @binding(0) var<storage, read> x: array<i32>;
@group(0) @binding(1) var<storage, read_write> result: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let i = (${GROUP_INDEX}) * 64u + thread;
  if (i < p.size) { result[i] = f32(x[i]); }
}`,
}

/**
 * The tensor, or a copy in floats: tfjs casts integers to float32 by another name for the same buffer, which
 * its own programs know from the storage.
 */
export function withFloats(backend: AlexNetWebGPUBackend, info: tf.TensorInfo): tf.TensorInfo {
  const stored = backend.tensorMap.get(info.dataId).dtype
  if (info.dtype !== 'float32' || stored === 'float32') return info
  const size = tf.util.sizeFromShape(info.shape)
  const floats = backend.makeTensorInfo(info.shape, 'float32')
  run(backend, conversion, {
    buffers: [{ ...info, dtype: stored }, floats],
    parameters: { size },
    workgroups: [...spread(Math.ceil(size / 64)), 1],
  })
  return floats
}
