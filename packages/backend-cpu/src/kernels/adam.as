// A step of Adam with decoupled weight decay in one pass over the weight, both running means and the gradient, in
// place (torch.optim.AdamW):
//   m ← beta1 · m + (1 − beta1) · g;   s ← beta2 · s + (1 − beta2) · g²
//   w ← decay · w − rate · m / (√s · rootScale + epsilon)

import { multiplyAdd } from './vector'

@unmanaged
export class AdamParameters {
  weight: u32
  mean: u32
  square: u32
  gradient: u32
  count: i32
  /** Weights of a task, a multiple of 4. */
  taskCount: i32
  beta1: f32
  /** 1 − beta1 */
  rest1: f32
  beta2: f32
  rest2: f32
  /** The learning rate, divided by what the running mean of so many steps has of its whole. */
  rate: f32
  /** The same for the root of the running mean of squares. */
  rootScale: f32
  epsilon: f32
  decay: f32
}

export function adamStep(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<AdamParameters>(parameters)
  const beta1 = f32x4.splat(p.beta1)
  const rest1 = f32x4.splat(p.rest1)
  const beta2 = f32x4.splat(p.beta2)
  const rest2 = f32x4.splat(p.rest2)
  const rate = f32x4.splat(-p.rate)
  const rootScale = f32x4.splat(p.rootScale)
  const epsilon = f32x4.splat(p.epsilon)
  const decay = f32x4.splat(p.decay)
  const end = <usize>min(p.count, (task + 1) * p.taskCount) << 2
  // Blocks are of 64 bytes: what the last vector writes past the end is nobody's.
  for (let at = <usize>task * <usize>p.taskCount << 2; at < end; at += 16) {
    const g = v128.load(<usize>p.gradient + at)
    const m = multiplyAdd(beta1, v128.load(<usize>p.mean + at), f32x4.mul(rest1, g))
    const s = multiplyAdd(beta2, v128.load(<usize>p.square + at), f32x4.mul(rest2, f32x4.mul(g, g)))
    v128.store(<usize>p.mean + at, m)
    v128.store(<usize>p.square + at, s)
    const root = multiplyAdd(f32x4.sqrt(s), rootScale, epsilon)
    const w = f32x4.mul(decay, v128.load(<usize>p.weight + at))
    v128.store(<usize>p.weight + at, multiplyAdd(rate, f32x4.div(m, root), w))
  }
}
