// The paper's network at 32 pixels, small enough to be trained many times over: its order of layers
// (convolution, ReLU, normalisation, overlapping pool; two hidden linear layers with dropout), in
// about 3 % of its multiply-adds. For repeating the paper's ablations.
import {
  type Architecture,
  activation,
  convolution,
  dropout,
  linear,
  maxPooling,
  type NormalizationRecord,
} from '../architecture.ts'
import { gaussian, kaimingNormal as initial } from '../initializers.ts'
import { cifarPreparation } from './preparations.ts'

// Section 3.3: k 2, n 5, α 1e-4, β 0.75, for pictures in levels from 0 to 255. Here they have unit
// variance, which is levels divided by about 62: α grows by 62².
const acrossMaps: NormalizationRecord = {
  kind: 'local-response-normalization',
  size: 5,
  alpha: 1e-4 * 62 ** 2,
  beta: 0.75,
  bias: 2,
}

const roundUp = { ceilMode: true }

/** 545,482 parameters for 10 classes. */
export const cifarPaper: Architecture = {
  name: 'cifar-paper',
  description: "the paper's layers at 32 pixels, small: for repeating its ablations",
  inputSize: 32,
  preparation: cifarPreparation,
  classes: 10,
  features: [
    convolution(32, 5, { padding: 2, initial }), // 32×32×32
    activation('relu'),
    acrossMaps,
    maxPooling(3, 2, roundUp), // 16×16×32
    convolution(64, 3, { padding: 1, initial }), // 16×16×64
    activation('relu'),
    acrossMaps,
    maxPooling(3, 2, roundUp), // 8×8×64
    convolution(96, 3, { padding: 1, initial }), // 8×8×96
    activation('relu'),
    convolution(96, 3, { padding: 1, initial }), // 8×8×96
    activation('relu'),
    convolution(64, 3, { padding: 1, initial }), // 8×8×64
    activation('relu'),
    maxPooling(3, 2, roundUp), // 4×4×64
  ],
  classifier: [
    linear(256, initial), // 256
    activation('relu'),
    dropout(0.5),
    linear(256, initial), // 256
    activation('relu'),
    dropout(0.5),
    linear('classes', gaussian(0.01, 0)), // 10
  ],
}
