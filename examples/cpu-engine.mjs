// Any TensorFlow.js program on the CPU engine: two lines more.
import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import * as tf from '@tensorflow/tfjs'

const { name, device } = await useBackend([cpu()])
console.log(`${name}: ${device}`)

const model = tf.sequential({
  layers: [
    tf.layers.conv2d({ inputShape: [16, 16, 1], filters: 8, kernelSize: 3, activation: 'relu' }),
    tf.layers.maxPooling2d({ poolSize: 2 }),
    tf.layers.flatten(),
    tf.layers.dense({ units: 2, activation: 'softmax' }),
  ],
})
model.compile({ optimizer: tf.train.adam(0.01), loss: 'categoricalCrossentropy' })

// Is the left or the right half the lighter one?
const side = tf.randomUniform([128], 0, 2, 'int32', 1)
const labels = tf.oneHot(side, 2)
const halves = tf.concat([labels.slice([0, 0], [128, 1]), labels.slice([0, 1], [128, 1])], 1)
const light = tf.image.resizeNearestNeighbor(halves.reshape([128, 1, 2, 1]), [16, 16])
const pictures = light.add(tf.randomUniform([128, 16, 16, 1], 0, 1, 'float32', 2))
const { history } = await model.fit(pictures, labels, { epochs: 5, batchSize: 32, verbose: 0 })
console.log('loss', history.loss.map((value) => value.toFixed(3)).join(' '))
