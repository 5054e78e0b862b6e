// Softmax cross-entropy of logits against shares of the classes, with its gradient, in one pass over each
// row: for logits x and shares t, loss = Σt · log Σexp(x) − Σ t·x and ∂loss/∂x = Σt · softmax(x) − t. The
// exponentials are taken of x − max, so none overflows. The logarithm, one a row, is the caller's.

@unmanaged
export class CrossEntropyParameters {
  logits: u32
  shares: u32
  gradient: u32
  /** For each row: max x (for NaN), Σ exp(x − max), Σ t, Σ t·(x − max). */
  sums: u32
  rows: i32
  classes: i32
  /** What the gradient is multiplied by: one over the rows, for the mean. */
  scale: f32
}

/** Task = row. */
export function crossEntropy(parameters: usize, row: i32, worker: i32): void {
  const p = changetype<CrossEntropyParameters>(parameters)
  const bytes = <usize>p.classes << 2
  const x = <usize>p.logits + <usize>row * bytes
  const t = <usize>p.shares + <usize>row * bytes
  const gradient = <usize>p.gradient + <usize>row * bytes
  const sums = <usize>p.sums + (<usize>row << 4)
  let largest: f32 = -Infinity
  for (let at: usize = 0; at < bytes; at += 4) {
    const value = load<f32>(x + at)
    // Also for NaN, which then reaches every sum.
    if (!(value <= largest)) largest = value
  }
  let exponentials: f64 = 0
  let share: f64 = 0
  let product: f64 = 0
  for (let at: usize = 0; at < bytes; at += 4) {
    const value = load<f32>(x + at) - largest
    const e = exponential(value)
    store<f32>(gradient + at, e)
    exponentials += <f64>e
    const part = load<f32>(t + at)
    share += <f64>part
    // A class without a share adds nothing, even if its logit is −∞.
    if (part != 0) product += <f64>part * <f64>value
  }
  const factor = <f32>(share / exponentials)
  for (let at: usize = 0; at < bytes; at += 4) {
    store<f32>(gradient + at, (load<f32>(gradient + at) * factor - load<f32>(t + at)) * p.scale)
  }
  store<f32>(sums, largest)
  store<f32>(sums, <f32>exponentials, 4)
  store<f32>(sums, <f32>share, 8)
  store<f32>(sums, <f32>product, 12)
}

/** exp(x) for x ≤ 0 to about one unit in the last place, by Cephes' expf: 2^n · exp(r), |r| ≤ ½ ln 2. */
function exponential(x: f32): f32 {
  if (x < -87) return 0
  const n = nearest<f32>(x * 1.44269504088896341)
  const r: f32 = x - n * <f32>0.693359375 + n * <f32>2.12194440e-4
  let y: f32 = 1.9875691500e-4
  y = y * r + <f32>1.3981999507e-3
  y = y * r + <f32>8.3334519073e-3
  y = y * r + <f32>4.1665795894e-2
  y = y * r + <f32>1.6666665459e-1
  y = y * r + <f32>5.0000001201e-1
  y = y * r * r + r + 1
  // A NaN has no integer; it comes out of y by itself.
  if (x != x) return x
  return y * reinterpret<f32>((<i32>n + 127) << 23)
}
