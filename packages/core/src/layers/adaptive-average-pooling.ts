// Average pooling to a given size from a picture of any size: what lets torchvision's AlexNet take
// pictures other than 224×224. TensorFlow.js has nothing like it.
import * as tf from '@tensorflow/tfjs'
import { adaptiveWindow } from '../window.ts'
import { type LayerSettings, oneShape, pictures, sizePair } from './support.ts'

/** Settings of AdaptiveAveragePooling. */
export interface AdaptiveAveragePoolingSettings extends LayerSettings {
  /** Pixels of the output, a number or `[height, width]`. */
  outputSize: number | readonly [number, number]
}

/**
 * torch.nn.AdaptiveAvgPool2d: `[batch, h, w, channels]` to `[batch, height, width, channels]` of
 * `outputSize`, from an input of any size, smaller ones included. Output row i is the average of
 * the input's rows ⌊i·h/height⌋ to ⌈(i+1)·h/height⌉ − 1; columns likewise. The identity when
 * sizes match.
 */
export class AdaptiveAveragePooling extends tf.layers.Layer {
  static className = 'AlexNetAdaptiveAveragePooling'
  readonly outputSize: [number, number]

  constructor(settings: AdaptiveAveragePoolingSettings) {
    super(settings)
    this.outputSize = sizePair('outputSize', settings.outputSize)
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, , , channels] = oneShape(inputShape)
    return [batch!, ...this.outputSize, channels!]
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const input = pictures(inputs)
    const [batch, height, width, channels] = input.shape
    const [rows, columns] = this.outputSize
    if (rows === height && columns === width) return input
    return tf.tidy(() => {
      if (height % rows === 0 && width % columns === 0) {
        const size: [number, number] = [height / rows, width / columns]
        return tf.avgPool(input, size, size, 'valid')
      }
      // Windows are rectangles, so their average is one of averages: two products with matrices of
      // weights, whose gradients are right on every backend whatever the windows' overlap.
      const byRow = tf.matMul(
        averages(height, rows),
        input.reshape([batch, height, width * channels]),
      )
      const byColumn = tf.matMul(
        averages(width, columns),
        byRow.reshape([batch * rows, width, channels]),
      )
      return byColumn.reshape([batch, rows, columns, channels])
    })
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), outputSize: this.outputSize }
  }
}

/** `[1, output, input]`: row i averages the pixels of window i. */
function averages(input: number, output: number): tf.Tensor3D {
  const values = new Float32Array(output * input)
  for (let i = 0; i < output; i++) {
    const [start, end] = adaptiveWindow(i, input, output)
    values.fill(1 / (end - start), i * input + start, i * input + end)
  }
  return tf.tensor3d(values, [1, output, input])
}
