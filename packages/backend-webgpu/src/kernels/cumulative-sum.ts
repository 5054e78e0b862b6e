// Cumsum, a thread a line. tfjs's kernel steps by powers of two that it gets from WGSL's pow and cuts to whole
// numbers: where a driver's pow gives 1.9999999 for 2, terms are missing and others counted twice.

import * as tf from '@tensorflow/tfjs'
import { type Program, run } from '../program.ts'
import { workgroupsOf } from './elementwise.wgsl.ts'
import type { Kernel } from './kernel.ts'

const fields = {
  lines: 'u32',
  length: 'u32',
  inner: 'u32',
  exclusive: 'u32',
  reverse: 'u32',
} as const

const program: Program<typeof fields> = {
  name: 'sums along lines',
  fields,
  code: () => `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let line = (group.y * groups.x + group.x) * 64u + thread;
  if (line >= p.lines) { return; }
  let first = line / p.inner * p.length * p.inner + line % p.inner;
  var sum = 0.0;
  for (var step = 0u; step < p.length; step++) {
    let i = first + select(step, p.length - 1u - step, p.reverse == 1u) * p.inner;
    let before = sum;
    sum += x[i];
    y[i] = select(sum, before, p.exclusive == 1u);
  }
}`,
}

export const cumulativeSum: Kernel = {
  name: 'Cumsum',
  run(call, fallback) {
    const { backend } = call
    const x = call.inputs.x!
    const { axis, exclusive, reverse } = call.attrs as Record<string, number | boolean>
    const size = tf.util.sizeFromShape(x.shape)
    const [along] = tf.util.parseAxisParam(axis as number, x.shape)
    if (x.dtype !== 'float32' || size === 0) return fallback(call)
    const length = x.shape[along!]!
    const inner = tf.util.sizeFromShape(x.shape.slice(along! + 1))
    const lines = size / length
    const y = backend.makeTensorInfo(x.shape, 'float32')
    run(backend, program, {
      buffers: [x, y],
      parameters: {
        lines,
        length,
        inner,
        exclusive: exclusive ? 1 : 0,
        reverse: reverse ? 1 : 0,
      },
      workgroups: workgroupsOf(lines),
    })
    return y
  },
}
