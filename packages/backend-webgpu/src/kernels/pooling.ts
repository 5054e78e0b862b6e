// The gradients of max and average pooling, each pixel gathering from the windows that hold it. The gradient
// of a maximum goes to the first largest element of its window, found by looking again, where tfjs first
// writes down every position; the gradient of a mean is spread over the pixels that the mean was taken of,
// also at a padded border, where tfjs divides by the whole window instead. Forward pooling is tfjs's.

import { poolingShapes } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import { type Program, run, spread } from '../program.ts'
import type { Kernel, KernelArguments } from './kernel.ts'

const fields = {
  size: 'u32',
  height: 'u32',
  width: 'u32',
  channels: 'u32',
  mapHeight: 'u32',
  mapWidth: 'u32',
  windowHeight: 'u32',
  windowWidth: 'u32',
  strideHeight: 'u32',
  strideWidth: 'u32',
  padTop: 'u32',
  padLeft: 'u32',
} as const

const THREADS = 64

/** WGSL over all windows that hold a pixel; `inside` sees the window's `map` element and its corner. */
const program = (name: string, buffers: string[], vectors: boolean, inside: string) => {
  const type = vectors ? 'vec4<f32>' : 'f32'
  return {
    name: `${name} by ${vectors ? 4 : 1}`,
    fields,
    code: () => `
${buffers.map((buffer, i) => `@group(0) @binding(${i}) var<storage, read> ${buffer}: array<${type}>;`).join('\n')}
@group(0) @binding(${buffers.length}) var<storage, read_write> dx: array<${type}>;
/** Of the windows along one dimension, the first that reaches a place, and the one after the last. */
fn firstWindow(place: u32, window: u32, stride: u32) -> u32 {
  return select(0u, (place - window) / stride + 1u, place >= window);
}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * ${THREADS}u + thread;
  if (i >= p.size) { return; }
  let channel = i % p.channels;
  let pixel = i / p.channels;
  let x = pixel % p.width;
  let row = pixel / p.width;
  let y = row % p.height;
  let batch = row / p.height;
  var sum = ${type}();
  let lastY = min(p.mapHeight, (y + p.padTop) / p.strideHeight + 1u);
  let lastX = min(p.mapWidth, (x + p.padLeft) / p.strideWidth + 1u);
  for (var my = firstWindow(y + p.padTop, p.windowHeight, p.strideHeight); my < lastY; my++) {
    for (var mx = firstWindow(x + p.padLeft, p.windowWidth, p.strideWidth); mx < lastX; mx++) {
      let map = ((batch * p.mapHeight + my) * p.mapWidth + mx) * p.channels + channel;
      let cornerY = i32(my * p.strideHeight) - i32(p.padTop);
      let cornerX = i32(mx * p.strideWidth) - i32(p.padLeft);
      let fromY = u32(max(cornerY, 0));
      let fromX = u32(max(cornerX, 0));
${inside}
    }
  }
  dx[i] = sum;
}`,
  } satisfies Program<typeof fields>
}

const maximum = (vectors: boolean) => {
  const [bool, type] = vectors ? ['vec4<bool>', 'vec4<f32>'] : ['bool', 'f32']
  return program(
    'gradient of max pooling',
    ['values', 'maxima', 'dy'],
    vectors,
    `
      let best = maxima[map];
      var first = values[i] == best;
      // Where a channel holds the maximum, elements before this one must not.
      if (${vectors ? 'any(first)' : 'first'}) {
        let untilX = u32(cornerX + i32(p.windowWidth));
        for (var wy = fromY; wy <= y; wy++) {
          let end = select(min(untilX, p.width), x, wy == y);
          for (var wx = fromX; wx < end; wx++) {
            let value = values[((batch * p.height + wy) * p.width + wx) * p.channels + channel];
            first = first & (value != best);
          }
        }
        sum += select(${type}(), dy[map], ${bool}(first));
      }`,
  )
}

const mean = (vectors: boolean) =>
  program(
    'gradient of average pooling',
    ['dy'],
    vectors,
    `
      let rows = min(u32(cornerY + i32(p.windowHeight)), p.height) - fromY;
      let columns = min(u32(cornerX + i32(p.windowWidth)), p.width) - fromX;
      sum += dy[map] / f32(rows * columns);`,
  )

function gradient(
  name: string,
  { inputs, attrs, backend }: KernelArguments,
  kind: (vectors: boolean) => Program<typeof fields>,
  buffers: tf.TensorInfo[],
): tf.TensorInfo {
  const { input, dy } = inputs as Record<'input' | 'dy', tf.TensorInfo>
  const info = poolingShapes({ name, attrs, pictureShape: input.shape, mapShape: dy.shape })
  const vectors = info.inChannels % 4 === 0
  const channels = info.inChannels / (vectors ? 4 : 1)
  const size = info.batchSize * info.inHeight * info.inWidth * channels
  const dx = backend.makeTensorInfo(info.inShape, 'float32')
  run(backend, kind(vectors), {
    buffers: [...buffers, dx],
    parameters: {
      size,
      channels,
      height: info.inHeight,
      width: info.inWidth,
      mapHeight: info.outHeight,
      mapWidth: info.outWidth,
      windowHeight: info.filterHeight,
      windowWidth: info.filterWidth,
      strideHeight: info.strideHeight,
      strideWidth: info.strideWidth,
      padTop: info.padInfo.top,
      padLeft: info.padInfo.left,
    },
    workgroups: [...spread(Math.ceil(size / THREADS)), 1],
  })
  return dx
}

const floats = ({ inputs }: KernelArguments) =>
  Object.values(inputs).every(({ dtype, shape }) => dtype === 'float32' && shape.length === 4)

/** tfjs's own pooling, for windows that fit. */
const pool = (name: string): Kernel => ({
  name,
  run(call, fallback) {
    poolingShapes({ name, attrs: call.attrs, pictureShape: call.inputs.x!.shape })
    return fallback(call)
  },
})

export const maxPool = pool('MaxPool')
export const avgPool = pool('AvgPool')

export const maxPoolGrad: Kernel = {
  name: 'MaxPoolGrad',
  run(call, fallback) {
    if (!floats(call)) return fallback(call)
    const { input, output, dy } = call.inputs
    tf.util.assertShapesMatch(output!.shape, dy!.shape, 'MaxPoolGrad: ')
    return gradient('MaxPoolGrad', call, maximum, [input!, output!, dy!])
  },
}

export const avgPoolGrad: Kernel = {
  name: 'AvgPoolGrad',
  run(call, fallback) {
    return floats(call) ? gradient('AvgPoolGrad', call, mean, [call.inputs.dy!]) : fallback(call)
  },
}
