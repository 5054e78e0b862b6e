// LeNet-5, the predecessor to compare AlexNet with: LeCun, Bottou, Bengio, Haffner, "Gradient-based
// learning applied to document recognition", Proceedings of the IEEE, 1998, section II.B.
import {
  type Architecture,
  activation,
  averagePooling,
  convolution,
  linear,
} from '../architecture.ts'
import { lecunNormal as initial } from '../initializers.ts'
import { cifarPreparation } from './preparations.ts'

/**
 * The 1998 net's sizes, 62,006 parameters for 10 classes. It departs from the original, as LeNet-5s
 * do nowadays: three input channels where the original had one; every map of C3 sees all six of S2,
 * where a table chose three to six of them; S2 and S4 are plain averages, where each map had a
 * trainable factor and bias and a sigmoid; tanh stands for 1.7159·tanh(2x/3), before the pools in
 * place of after; the output is linear, where it was distances to drawn codes of the digits. Weights
 * start from N(0, 1 / √fanIn): the original's U(±2.4 / fanIn) barely moves without its other parts.
 */
export const lenet5: Architecture = {
  name: 'lenet-5',
  description: 'LeNet-5 (LeCun et al. 1998), the predecessor',
  inputSize: 32,
  preparation: cifarPreparation,
  classes: 10,
  features: [
    convolution(6, 5, { initial }), // C1: 28×28×6
    activation('tanh'),
    averagePooling(2, 2), // S2: 14×14×6
    convolution(16, 5, { initial }), // C3: 10×10×16
    activation('tanh'),
    averagePooling(2, 2), // S4: 5×5×16
    convolution(120, 5, { initial }), // C5: 1×1×120
    activation('tanh'),
  ],
  classifier: [
    linear(84, initial), // F6: 84
    activation('tanh'),
    linear('classes', initial), // 10
  ],
}
