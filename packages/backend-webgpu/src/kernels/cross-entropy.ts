// SoftmaxCrossEntropy, a kernel that tfjs does not have: the mean loss of a batch and its gradient together,
// each row read once into a workgroup. Training's crossEntropy finds it by name, in place of eight
// operations.

import { type Program, run, spread } from '../program.ts'
import type { Kernel } from './kernel.ts'
import { sumOfColumns } from './reduction.ts'

const fields = { rows: 'u32', classes: 'u32' } as const
const threads = 64

/** WGSL that leaves in `name` what the threads' values come to, in every thread. */
const together = (name: string, combine: (a: string, b: string) => string) => `
  partial[thread] = ${name};
  workgroupBarrier();
  for (var half = ${threads / 2}u; half > 0u; half /= 2u) {
    if (thread < half) { partial[thread] = ${combine('partial[thread]', 'partial[thread + half]')}; }
    workgroupBarrier();
  }
  ${name} = partial[0];
  workgroupBarrier();`

const add = (a: string, b: string) => `${a} + ${b}`

const program: Program<typeof fields> = {
  name: 'softmax cross-entropy',
  fields,
  code: () => `
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> shares: array<f32>;
@group(0) @binding(2) var<storage, read_write> losses: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;
var<workgroup> partial: array<f32, ${threads}>;
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let row = group.y * groups.x + group.x;
  if (row >= p.rows) { return; }
  let begin = row * p.classes;
  var largest = logits[begin];
  for (var i = thread; i < p.classes; i += ${threads}u) { largest = max(largest, logits[begin + i]); }
  ${together('largest', (a, b) => `max(${a}, ${b})`)}
  var total = 0.0;
  var share = 0.0;
  var product = 0.0;
  for (var i = thread; i < p.classes; i += ${threads}u) {
    let x = logits[begin + i] - largest;
    total += exp(x);
    share += shares[begin + i];
    product += shares[begin + i] * x;
  }
  ${together('total', add)}
  ${together('share', add)}
  ${together('product', add)}
  let scale = 1.0 / f32(p.rows);
  for (var i = thread; i < p.classes; i += ${threads}u) {
    let probability = exp(logits[begin + i] - largest) / total;
    gradient[begin + i] = (probability * share - shares[begin + i]) * scale;
  }
  if (thread == 0u) { losses[row] = (share * log(total) - product) * scale; }
}`,
}

/**
 * Inputs logits and shares, both float32 [rows, classes]. Returns [loss, gradient]: the scalar mean over
 * the rows of −Σ share · log softmax(logits), and its derivative by the logits.
 */
export const softmaxCrossEntropy: Kernel = {
  name: 'SoftmaxCrossEntropy',
  run(call, fallback) {
    const { inputs, backend } = call
    const logits = inputs.logits!
    const shares = inputs.shares!
    if (logits.dtype !== 'float32' || shares.dtype !== 'float32') return fallback(call)
    const [rows, classes] = logits.shape as [number, number]
    if (logits.shape.length !== 2 || `${shares.shape}` !== `${logits.shape}` || rows === 0) {
      throw new Error(
        `SoftmaxCrossEntropy: logits [${logits.shape}] and shares [${shares.shape}] must have one shape, ` +
          '[rows, classes] with at least one row',
      )
    }
    const losses = backend.makeTensorInfo([rows, 1], 'float32')
    const gradient = backend.makeTensorInfo(logits.shape, 'float32')
    run(backend, program, {
      buffers: [logits, shares, losses, gradient],
      parameters: { rows, classes },
      workgroups: [...spread(rows), 1],
    })
    const loss = sumOfColumns(backend, losses, [rows, 1], [])
    backend.disposeData(losses.dataId)
    return [loss, gradient]
  },
}
