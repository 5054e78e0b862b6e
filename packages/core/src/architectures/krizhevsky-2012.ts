// The net that was trained in 2012, from its released source (AlexNet-Source-Code, layers-145.cfg
// and layer-params-145.cfg: error 0.4066 / 0.1821 on the 2012 validation set). It differs from the
// paper's text: pictures of 224 with sizes that round up, conv1 normalised before its ReLU, ReLU
// after the pool in conv1 and conv5, a second normalisation within maps after conv2, weights of
// 0.03 in conv3 to conv5, and dropout that is not inverted.
//
// Its two GPUs are groups: channels of one half see the other half in conv3 and the linear layers
// alone, and normalisation does not cross from one to the other.
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

// cmrnorm: scale 1e-4 divided by the size 5 (layer.py), pow 0.75, minDiv 2.
const acrossMaps: NormalizationRecord = {
  kind: 'local-response-normalization',
  size: 5,
  alpha: 1e-4 / 5,
  beta: 0.75,
  bias: 2,
  groups: 2,
}

// rnorm: scale 1e-3 divided by size² = 25 (layer.py), pow 0.75; no minDiv: its kernel adds 1.
const withinMaps: NormalizationRecord = {
  kind: 'same-map-normalization',
  size: 5,
  alpha: 1e-3 / 25,
  beta: 0.75,
  bias: 1,
}

const roundUp = { ceilMode: true }

/**
 * 60,965,224 parameters for 1000 classes; 224×224 pictures give the paper's 55, 27, 13 and 6
 * pixels.
 */
export const krizhevsky2012: Architecture = {
  name: 'krizhevsky-2012',
  description: 'the released source of the 2012 network, net 145',
  inputSize: 224,
  preparation: paperPreparation,
  classes: 1000,
  features: [
    convolution(96, 11, { stride: 4, ceilMode: true, initial: gaussian(0.01, 0) }), // 55×55×96
    acrossMaps,
    maxPooling(3, 2, roundUp), // 27×27×96
    activation('relu'),
    convolution(256, 5, { padding: 2, groups: 2, ceilMode: true, initial: gaussian(0.01, 1) }), // 27×27×256
    activation('relu'),
    acrossMaps,
    withinMaps,
    maxPooling(3, 2, roundUp), // 13×13×256
    convolution(384, 3, { padding: 1, ceilMode: true, initial: gaussian(0.03, 0) }), // 13×13×384
    activation('relu'),
    convolution(384, 3, { padding: 1, groups: 2, ceilMode: true, initial: gaussian(0.03, 1) }), // 13×13×384
    activation('relu'),
    convolution(256, 3, { padding: 1, groups: 2, ceilMode: true, initial: gaussian(0.03, 1) }), // 13×13×256
    maxPooling(3, 2, roundUp), // 6×6×256
    activation('relu'),
  ],
  classifier: [
    linear(4096, gaussian(0.01, 1)), // 4096
    activation('relu'),
    dropout(0.5, { inverted: false }),
    linear(4096, gaussian(0.01, 1)), // 4096
    activation('relu'),
    dropout(0.5, { inverted: false }),
    linear('classes', gaussian(0.01, 0)), // 1000
  ],
}
