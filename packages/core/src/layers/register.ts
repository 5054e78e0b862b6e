// Tells TensorFlow.js how to read this package's layers back from a saved model. A call, not an
// effect of importing, so that a program that does not load models pays nothing.
import * as tf from '@tensorflow/tfjs'
import { SeededNormal, SeededUniform } from '../initializers.ts'
import { AdaptiveAveragePooling } from './adaptive-average-pooling.ts'
import { Convolution } from './convolution.ts'
import { Dropout } from './dropout.ts'
import { LocalResponseNormalization, SameMapNormalization } from './local-response-normalization.ts'
import { AveragePooling, MaxPooling } from './pooling.ts'

const classes = [
  Convolution,
  LocalResponseNormalization,
  SameMapNormalization,
  MaxPooling,
  AveragePooling,
  AdaptiveAveragePooling,
  Dropout,
  SeededNormal,
  SeededUniform,
]

let isRegistered = false

/**
 * Registers the serialisable classes of this package with TensorFlow.js, for `tf.loadLayersModel`.
 * `createAlexNet` calls it; calling it again does nothing.
 */
export function registerLayers(): void {
  if (isRegistered) return
  for (const type of classes) {
    tf.serialization.registerClass(
      type as unknown as tf.serialization.SerializableConstructor<tf.serialization.Serializable>,
    )
  }
  isRegistered = true
}
