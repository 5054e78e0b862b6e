// Stochastic gradient descent with momentum and weight decay in one pass over weight, velocity and
// gradient, in place, with PyTorch's semantics (torch.optim.SGD, dampening 0):
//   g ← g + weightDecay · w;   v ← momentum · v + g;   w ← w − learningRate · (nesterov ? g + momentum · v : v)

import { multiplyAdd } from './vector'

@unmanaged
export class MomentumParameters {
  weight: u32
  velocity: u32
  gradient: u32
  count: i32
  taskCount: i32
  learningRate: f32
  momentum: f32
  weightDecay: f32
  nesterov: i32
}

export function momentumStep(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<MomentumParameters>(parameters)
  const rate = f32x4.splat(-p.learningRate)
  const momentum = f32x4.splat(p.momentum)
  const decay = f32x4.splat(p.weightDecay)
  const first = <usize>task * <usize>p.taskCount << 2
  const end = <usize>min(p.count, (task + 1) * p.taskCount) << 2
  let at = first
  for (; at + 16 <= end; at += 16) {
    const w = v128.load(<usize>p.weight + at)
    const g = multiplyAdd(decay, w, v128.load(<usize>p.gradient + at))
    const v = multiplyAdd(momentum, v128.load(<usize>p.velocity + at), g)
    v128.store(<usize>p.velocity + at, v)
    const step = p.nesterov ? multiplyAdd(momentum, v, g) : v
    v128.store(<usize>p.weight + at, multiplyAdd(rate, step, w))
  }
  for (; at < end; at += 4) {
    const w = v128.load_splat<f32>(<usize>p.weight + at)
    const g = multiplyAdd(decay, w, v128.load_splat<f32>(<usize>p.gradient + at))
    const v = multiplyAdd(momentum, v128.load_splat<f32>(<usize>p.velocity + at), g)
    v128.store_lane<f32>(<usize>p.velocity + at, v, 0)
    const step = p.nesterov ? multiplyAdd(momentum, v, g) : v
    v128.store_lane<f32>(<usize>p.weight + at, multiplyAdd(rate, step, w), 0)
  }
}
