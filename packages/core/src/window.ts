// The arithmetic of sliding windows, shared by convolution, pooling, the builder and `describe`:
// how many windows fit, and what padding makes TensorFlow.js place exactly those.
//
// TensorFlow.js rounds sizes down; the released 2012 network and Caffe round them up. Its
// `dimRoundingMode` is no help, since the gradient of its max pooling does not receive it. Rounding
// up is the same as rounding down over an input padded a little more at the end, so that is what
// is passed to it: explicit padding, which both forward and backward honour.

/**
 * Zeros around the picture, in pixels: one number for all sides, or `[[top, bottom], [left,
 * right]]`.
 */
export type Padding = number | readonly [readonly [number, number], readonly [number, number]]

/** Windows along one axis. */
export interface WindowAxis {
  /** Pixels of a window. */
  size: number
  /** Pixels from one window to the next. */
  stride: number
  /** Padding before the first pixel. */
  before: number
  /** Padding after the last pixel; negative leaves pixels out. */
  after: number
  /** Whether a window that only partly fits at the end is kept. */
  ceilMode: boolean
}

/**
 * Number of windows along an axis of `length` pixels; 0 or less when not one fits.
 * With `ceilMode` the last window must start inside the input or the padding before it, which is
 * PyTorch's rule (torch.nn.MaxPool2d) and Caffe's.
 */
export function windowCount(length: number, axis: WindowAxis): number {
  const steps = (length + axis.before + axis.after - axis.size) / axis.stride
  if (!axis.ceilMode) return Math.floor(steps) + 1
  const count = Math.ceil(steps) + 1
  return (count - 1) * axis.stride >= length + axis.before ? count - 1 : count
}

/** The rows' and the columns' windows from a layer's settings. */
export function windowAxes(settings: {
  size: readonly [number, number]
  stride: number
  padding: Padding
  ceilMode: boolean
}): [WindowAxis, WindowAxis] {
  const { size, stride, ceilMode } = settings
  const [[top, bottom], [left, right]] = bothSides(settings.padding)
  return [
    { size: size[0], stride, before: top, after: bottom, ceilMode },
    { size: size[1], stride, before: left, after: right, ceilMode },
  ]
}

/** `[[top, bottom], [left, right]]` of a padding. */
export function bothSides(padding: Padding): [[number, number], [number, number]] {
  if (typeof padding !== 'number') return [[...padding[0]], [...padding[1]]]
  return [
    [padding, padding],
    [padding, padding],
  ]
}

/** Padding for a TensorFlow.js operation on NHWC tensors. */
export type TensorPadding =
  | number
  | [[number, number], [number, number], [number, number], [number, number]]

/**
 * Padding that makes TensorFlow.js, which rounds down, place the windows of `windowCount`.
 * A plain number where one does, since that is every backend's best-trodden path: for square windows.
 */
export function tensorPadding(
  lengths: readonly [number, number],
  axes: readonly [WindowAxis, WindowAxis],
): TensorPadding {
  const [vertical, horizontal] = [reach(lengths[0], axes[0]), reach(lengths[1], axes[1])]
  const sides = [...vertical, ...horizontal]
  // TensorFlow.js takes the window's height for its width too when the padding is one number.
  const isSquare = axes[0].size === axes[1].size
  if (isSquare && sides.every((side) => side === sides[0])) return sides[0]!
  return [[0, 0], vertical, horizontal, [0, 0]]
}

/** Padding `[before, after]` with which every window of an axis fits whole. */
export function reach(length: number, axis: WindowAxis): [number, number] {
  const end = (windowCount(length, axis) - 1) * axis.stride + axis.size
  return [axis.before, Math.max(axis.after, end - length - axis.before)]
}

/**
 * First pixel and the one after the last of window `index` of an adaptive pooling: PyTorch's rule.
 */
export function adaptiveWindow(index: number, input: number, output: number): [number, number] {
  return [Math.floor((index * input) / output), Math.ceil(((index + 1) * input) / output)]
}
