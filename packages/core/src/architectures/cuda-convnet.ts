// The two quick CIFAR-10 networks that came with cuda-convnet, the program AlexNet was trained with
// (example-layers/layers-80sec.cfg and layers-18pct.cfg): 26 % test error after 80 seconds of a GTX
// 580, and 18 % without augmentation. Three 5×5 convolutions, one max pool and two average pools of
// 3×3 every two pixels whose sizes round up.
//
// They look at pictures from which the mean is subtracted, in levels from −128 to 127: the first
// layer's 1e-4 is meant for those, and so their recipes have it; `preparation` is that of every small network,
// which is what they are given where nothing asks for levels.
import {
  type Architecture,
  activation,
  averagePooling,
  convolution,
  type LayerRecord,
  linear,
  maxPooling,
  type NormalizationRecord,
} from '../architecture.ts'
import { gaussian } from '../initializers.ts'
import { cifarPreparation } from './preparations.ts'

const roundUp = { ceilMode: true }
const first = { padding: 2, initial: gaussian(1e-4, 0) }
const later = { padding: 2, initial: gaussian(0.01, 0) }

/** 145,578 parameters for 10 classes; 26 % test error. */
export const cudaConvnet80sec: Architecture = {
  name: 'cuda-convnet-80sec',
  description: "cuda-convnet's quick CIFAR-10 net, 26 % error in 80 seconds of 2011",
  inputSize: 32,
  preparation: cifarPreparation,
  classes: 10,
  features: [
    convolution(32, 5, first), // 32×32×32
    activation('relu'),
    maxPooling(3, 2, roundUp), // 16×16×32
    convolution(32, 5, later), // 16×16×32
    activation('relu'),
    averagePooling(3, 2, roundUp), // 8×8×32
    convolution(64, 5, later), // 8×8×64
    activation('relu'),
    averagePooling(3, 2, roundUp), // 4×4×64
  ],
  classifier: [
    linear(64, gaussian(0.1, 0)), // 64
    activation('relu'),
    linear('classes', gaussian(0.1, 0)), // 10
  ],
}

// rnorm: scale 5e-5 divided by size² = 9 (layer.py), pow 0.75; its kernel adds 1.
const withinMaps: NormalizationRecord = {
  kind: 'same-map-normalization',
  size: 3,
  alpha: 5e-5 / 9,
  beta: 0.75,
  bias: 1,
}

const features: LayerRecord[] = [...cudaConvnet80sec.features]
features.splice(6, 0, withinMaps)
features.splice(3, 0, withinMaps)

/**
 * The same convolutions, normalised within each map after the first two pools, and one linear
 * layer: 89,578 parameters for 10 classes; 18 % test error.
 */
export const cudaConvnet18pct: Architecture = {
  name: 'cuda-convnet-18pct',
  description: "cuda-convnet's CIFAR-10 net with normalisation, 18 % error without augmentation",
  inputSize: 32,
  preparation: cifarPreparation,
  classes: 10,
  features,
  classifier: [linear('classes', gaussian(0.01, 0))], // 10
}
