// SoftmaxCrossEntropy, a kernel that tfjs does not have: the mean loss of a batch and its gradient together,
// each row read once into a workgroup. Training's crossEntropy finds it by name, in place of eight
// operations.

import { customKernel } from '@alexnet/backend/kernels'
import type { AlexNetWebGPUBackend } from '../backend.ts'
import { type Program, run, spread } from '../program.ts'
import { sumOfColumns } from './reduction.ts'
import { together } from './workgroup.wgsl.ts'

const fields = { rows: 'u32', classes: 'u32' } as const
const THREADS = 64

const program = (subgroups: boolean): Program<typeof fields> => ({
  name: 'softmax cross-entropy',
  fields,
  subgroups,
  code: () => `
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> shares: array<f32>;
@group(0) @binding(2) var<storage, read_write> losses: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;
${together({ name: 'largestOf', kind: 'largest', type: 'f32', threads: THREADS, subgroups })}
${together({ name: 'sumsOf', kind: 'sum', type: 'vec3<f32>', threads: THREADS, subgroups })}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let row = group.y * groups.x + group.x;
  if (row >= p.rows) { return; }
  let begin = row * p.classes;
  var largest = logits[begin];
  for (var i = thread; i < p.classes; i += ${THREADS}u) { largest = max(largest, logits[begin + i]); }
  largest = largestOf(largest, thread);
  // Of the exponentials, the shares and their products with the logits.
  var sums = vec3<f32>();
  for (var i = thread; i < p.classes; i += ${THREADS}u) {
    let x = logits[begin + i] - largest;
    let share = shares[begin + i];
    sums += vec3<f32>(exp(x), share, share * x);
  }
  sums = sumsOf(sums, thread);
  let scale = 1.0 / f32(p.rows);
  for (var i = thread; i < p.classes; i += ${THREADS}u) {
    let probability = exp(logits[begin + i] - largest) / sums.x;
    gradient[begin + i] = (probability * sums.y - shares[begin + i]) * scale;
  }
  if (thread == 0u) { losses[row] = (sums.y * log(sums.x) - sums.z) * scale; }
}`,
})

export const softmaxCrossEntropy = customKernel<'SoftmaxCrossEntropy', AlexNetWebGPUBackend>(
  'SoftmaxCrossEntropy',
  ({ inputs: { logits, shares }, backend }) => {
    const [rows, classes] = logits.shape as [number, number]
    const losses = backend.makeTensorInfo([rows, 1], 'float32')
    const gradient = backend.makeTensorInfo(logits.shape, 'float32')
    run(backend, program(backend.subgroups), {
      buffers: [logits, shares, losses, gradient],
      parameters: { rows, classes },
      workgroups: [...spread(rows), 1],
    })
    const loss = sumOfColumns(backend, losses, [rows, 1], [])
    backend.disposeData(losses.dataId)
    return [loss, gradient]
  },
)
