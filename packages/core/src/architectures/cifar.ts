// An AlexNet for 32×32 pictures: its five convolutions, three overlapping pools and dropout around
// the hidden linear layer, in sizes that fit small pictures and train on a CPU. Layer numbers are
// torchvision's.
import {
  type Architecture,
  activation,
  convolution,
  dropout,
  linear,
  maxPooling,
} from '../architecture.ts'
import { gaussian, kaimingNormal as initial } from '../initializers.ts'
import { cifarPreparation } from './preparations.ts'

// cuda-convnet's pools round up, which keeps 32 → 16 → 8 → 4.
const roundUp = { ceilMode: true }

/** 1,907,594 parameters for 10 classes at 32×32. */
export const cifar: Architecture = {
  name: 'cifar',
  description: 'AlexNet for 32×32 pictures, as CIFAR-10 has',
  inputSize: 32,
  preparation: cifarPreparation,
  classes: 10,
  features: [
    convolution(64, 5, { padding: 2, initial }), // 32×32×64
    activation('relu'),
    maxPooling(3, 2, roundUp), // 16×16×64
    convolution(128, 3, { padding: 1, initial }), // 16×16×128
    activation('relu'),
    maxPooling(3, 2, roundUp), // 8×8×128
    convolution(192, 3, { padding: 1, initial }), // 8×8×192
    activation('relu'),
    convolution(192, 3, { padding: 1, initial }), // 8×8×192
    activation('relu'),
    convolution(128, 3, { padding: 1, initial }), // 8×8×128
    activation('relu'),
    maxPooling(3, 2, roundUp), // 4×4×128
  ],
  classifier: [
    dropout(0.3), // 2048
    linear(512, initial), // 512
    activation('relu'),
    dropout(0.3),
    // Small, so that training begins at the loss of a guess: max pools raise the scale of what
    // comes here.
    linear('classes', gaussian(0.01, 0)), // 10
  ],
}
