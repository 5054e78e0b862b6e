// torchvision's `alexnet`: the one-column net of Krizhevsky's "One weird trick for parallelizing
// convolutional neural networks" (2014), without groups and LRN, with dropout on the inputs of the
// first two linear layers. Shapes for 224×224 pictures; the adaptive pooling takes any of 63 and
// more.
import {
  type Architecture,
  activation,
  convolution,
  dropout,
  linear,
  maxPooling,
} from '../architecture.ts'
import { pytorchDefault as initial } from '../initializers.ts'
import { torchvisionPreparation } from './preparations.ts'

/** 61,100,840 parameters and 714,188,480 multiply-adds for 1000 classes at 224×224. */
export const torchvision: Architecture = {
  name: 'torchvision',
  description: "torchvision's alexnet: one column (Krizhevsky 2014), no LRN",
  inputSize: 224,
  preparation: torchvisionPreparation,
  classes: 1000,
  features: [
    convolution(64, 11, { stride: 4, padding: 2, initial }), // 55×55×64
    activation('relu'),
    maxPooling(3, 2), // 27×27×64
    convolution(192, 5, { padding: 2, initial }), // 27×27×192
    activation('relu'),
    maxPooling(3, 2), // 13×13×192
    convolution(384, 3, { padding: 1, initial }), // 13×13×384
    activation('relu'),
    convolution(256, 3, { padding: 1, initial }), // 13×13×256
    activation('relu'),
    convolution(256, 3, { padding: 1, initial }), // 13×13×256
    activation('relu'),
    maxPooling(3, 2), // 6×6×256
  ],
  avgpool: { kind: 'adaptive-average-pooling', size: 6 }, // 6×6×256
  classifier: [
    dropout(0.5), // 9216
    linear(4096, initial), // 4096
    activation('relu'),
    dropout(0.5),
    linear(4096, initial), // 4096
    activation('relu'),
    linear('classes', initial), // 1000
  ],
}
