// The gradient of local response normalisation, y = x · N^-β with N = bias + α Σ x² over the window:
//
//     dx_j = dy_j · N_j^-β − 2αβ · x_j · Σ_i dy_i · x_i · N_i^-(β+1)     (i over the windows that hold j)
//
// in one pass: a workgroup brings a strip of channels and what lies within two windows of it into its memory
// and computes each norm once. tfjs's kernel computes, for each element, the norm of every channel of its
// pixel. The forward pass is tfjs's.

import * as tf from '@tensorflow/tfjs'
import { type Program, run, spread } from '../program.ts'
import type { Kernel } from './kernel.ts'

const fields = {
  pixels: 'u32',
  channels: 'u32',
  strips: 'u32',
  groupCount: 'u32',
  bias: 'f32',
  alpha: 'f32',
  beta: 'f32',
} as const

/** Channels and pixels of a workgroup. */
const STRIP = 32
const LINES = 4
/** Beyond this the strips' surroundings would be larger than they are. */
const MOST_RADIUS = 16

const program = (radius: number): Program<typeof fields> => {
  const outer = STRIP + 4 * radius
  const middle = STRIP + 2 * radius
  return {
    name: `gradient of local response normalisation, radius ${radius}`,
    fields,
    code: () => `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
var<workgroup> values: array<f32, ${outer * LINES}>;
var<workgroup> terms: array<f32, ${middle * LINES}>;
var<workgroup> powers: array<f32, ${middle * LINES}>;
@compute @workgroup_size(${STRIP}, ${LINES})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_id) thread: vec3<u32>) {
  let number = group.y * groups.x + group.x;
  if (number >= p.groupCount) { return; }
  let firstChannel = i32((number % p.strips) * ${STRIP}u);
  let pixel = (number / p.strips) * ${LINES}u + thread.y;
  let there = pixel < p.pixels;
  let begin = i32(pixel * p.channels);
  for (var i = thread.x; i < ${outer}u; i += ${STRIP}u) {
    let channel = firstChannel + i32(i) - ${2 * radius};
    var value = 0.0;
    if (there && channel >= 0 && channel < i32(p.channels)) { value = x[begin + channel]; }
    values[thread.y * ${outer}u + i] = value;
  }
  workgroupBarrier();
  for (var i = thread.x; i < ${middle}u; i += ${STRIP}u) {
    let channel = firstChannel + i32(i) - ${radius};
    let at = thread.y * ${outer}u + i;
    var squares = 0.0;
    for (var j = 0u; j <= ${2 * radius}u; j++) { squares += values[at + j] * values[at + j]; }
    let norm = p.bias + p.alpha * squares;
    var term = 0.0;
    var power = 0.0;
    if (there && channel >= 0 && channel < i32(p.channels)) {
      let gradient = dy[begin + channel];
      let scale = pow(norm, -p.beta);
      power = gradient * scale;
      term = power * values[at + ${radius}u] / norm;
    }
    terms[thread.y * ${middle}u + i] = term;
    powers[thread.y * ${middle}u + i] = power;
  }
  workgroupBarrier();
  let channel = firstChannel + i32(thread.x);
  if (!there || channel >= i32(p.channels)) { return; }
  let at = thread.y * ${middle}u + thread.x;
  var sum = 0.0;
  for (var j = 0u; j <= ${2 * radius}u; j++) { sum += terms[at + j]; }
  let value = values[thread.y * ${outer}u + thread.x + ${2 * radius}u];
  dx[begin + channel] = powers[at + ${radius}u] - 2.0 * p.alpha * p.beta * value * sum;
}`,
  }
}

export const lrnGrad: Kernel = {
  name: 'LRNGrad',
  run(call, fallback) {
    const { inputs, attrs, backend } = call
    const { x, dy } = inputs as Record<'x' | 'dy', tf.TensorInfo>
    const { depthRadius, bias, alpha, beta } = attrs as Record<string, number>
    tf.util.assertShapesMatch(x.shape, dy.shape, 'LRNGrad: ')
    const floats = x.dtype === 'float32' && dy.dtype === 'float32'
    if (!floats || !Number.isInteger(depthRadius) || depthRadius! > MOST_RADIUS) {
      return fallback(call)
    }
    const [batch, height, width, channels] = x.shape as [number, number, number, number]
    const pixels = batch * height * width
    const strips = Math.ceil(channels / STRIP)
    const groupCount = strips * Math.ceil(pixels / LINES)
    const dx = backend.makeTensorInfo(x.shape, 'float32')
    run(backend, program(depthRadius!), {
      buffers: [x, dy, dx],
      parameters: { pixels, channels, strips, groupCount, bias: bias!, alpha: alpha!, beta: beta! },
      workgroups: [...spread(groupCount), 1],
    })
    return dx
  },
}
