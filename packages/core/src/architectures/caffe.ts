// Caffe's bvlc_alexnet (BVLC's model zoo): the paper's net with Caffe's LRN (k 1, α divided
// by the size), smaller initial weights in fc6 and fc7, and biases of 0.1 in place of 1.
import {
  type Architecture,
  activation,
  convolution,
  dropout,
  linear,
  maxPooling,
  type NormalizationRecord,
} from '../architecture.ts'
import { gaussian } from '../initializers.ts'
import { caffePreparation } from './preparations.ts'

// local_size 5, alpha 1e-4 (which Caffe divides by the size), beta 0.75, k 1.
const normalization: NormalizationRecord = {
  kind: 'local-response-normalization',
  size: 5,
  alpha: 1e-4 / 5,
  beta: 0.75,
  bias: 1,
}

const biasZero = gaussian(0.01, 0)
const biasTenth = gaussian(0.01, 0.1)
const hidden = gaussian(0.005, 0.1)

// Caffe's pools round up.
const roundUp = { ceilMode: true }

/** 60,965,224 parameters for 1000 classes; order conv, ReLU, LRN, pool. */
export const caffe: Architecture = {
  name: 'caffe',
  description: "Caffe's bvlc_alexnet",
  inputSize: 227,
  preparation: caffePreparation,
  classes: 1000,
  features: [
    convolution(96, 11, { stride: 4, initial: biasZero }), // 55×55×96
    activation('relu'),
    normalization,
    maxPooling(3, 2, roundUp), // 27×27×96
    convolution(256, 5, { padding: 2, groups: 2, initial: biasTenth }), // 27×27×256
    activation('relu'),
    normalization,
    maxPooling(3, 2, roundUp), // 13×13×256
    convolution(384, 3, { padding: 1, initial: biasZero }), // 13×13×384
    activation('relu'),
    convolution(384, 3, { padding: 1, groups: 2, initial: biasTenth }), // 13×13×384
    activation('relu'),
    convolution(256, 3, { padding: 1, groups: 2, initial: biasTenth }), // 13×13×256
    activation('relu'),
    maxPooling(3, 2, roundUp), // 6×6×256
  ],
  classifier: [
    linear(4096, hidden), // 4096
    activation('relu'),
    dropout(0.5),
    linear(4096, hidden), // 4096
    activation('relu'),
    dropout(0.5),
    linear('classes', biasZero), // 1000
  ],
}
