// AlexNet as the paper's text describes it: Krizhevsky, Sutskever, Hinton, "ImageNet Classification
// with Deep Convolutional Neural Networks", NIPS 2012, sections 3 to 5. The text says 224×224
// pictures; its 55×55 maps without padding need 227.
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
import { paperPreparation } from './preparations.ts'

// Section 3.3: k = 2, n = 5, α = 1e-4, β = 0.75, α not divided by n.
const normalization: NormalizationRecord = {
  kind: 'local-response-normalization',
  size: 5,
  alpha: 1e-4,
  beta: 0.75,
  bias: 2,
}

// Section 5: weights N(0, 0.01); biases 1 in conv2, conv4, conv5 and the hidden linear layers, else
// 0.
const biasZero = gaussian(0.01, 0)
const biasOne = gaussian(0.01, 1)

/** 60,965,224 parameters and 724,406,816 multiply-adds for 1000 classes at 227×227. */
export const paper: Architecture = {
  name: 'paper',
  description: "the text of Krizhevsky, Sutskever and Hinton's NIPS 2012 paper",
  inputSize: 227,
  preparation: paperPreparation,
  classes: 1000,
  features: [
    convolution(96, 11, { stride: 4, initial: biasZero }), // 55×55×96
    activation('relu'),
    normalization,
    maxPooling(3, 2), // 27×27×96
    convolution(256, 5, { padding: 2, groups: 2, initial: biasOne }), // 27×27×256
    activation('relu'),
    normalization,
    maxPooling(3, 2), // 13×13×256
    convolution(384, 3, { padding: 1, initial: biasZero }), // 13×13×384
    activation('relu'),
    convolution(384, 3, { padding: 1, groups: 2, initial: biasOne }), // 13×13×384
    activation('relu'),
    convolution(256, 3, { padding: 1, groups: 2, initial: biasOne }), // 13×13×256
    activation('relu'),
    maxPooling(3, 2), // 6×6×256
  ],
  classifier: [
    linear(4096, biasOne), // 4096
    activation('relu'),
    dropout(0.5),
    linear(4096, biasOne), // 4096
    activation('relu'),
    dropout(0.5),
    linear('classes', biasZero), // 1000
  ],
}
