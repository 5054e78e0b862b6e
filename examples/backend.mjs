// A backend of one's own: TensorFlow.js's CPU backend with another ReLU, one that counts. `useBackend` starts it, holds
// a small network's answers and gradients against known ones, and passes over it where they are wrong.
import { useBackend } from '@alexnet/backend'
import * as tf from '@tensorflow/tfjs'

const NAME = 'counting-cpu' // no underscore: TensorFlow.js splits its keys there
let calls = 0

const counting = () => ({
  name: NAME,
  isSupported: async () => true,
  async start() {
    await tf.setBackend('cpu')
    const cpu = tf.backend()
    tf.registerBackend(NAME, () => new cpu.constructor())
    tf.copyRegisteredKernels('cpu', NAME)
    const relu = tf.getKernel('Relu', 'cpu')
    tf.unregisterKernel('Relu', NAME)
    tf.registerKernel({
      ...relu,
      backendName: NAME,
      kernelFunc(given) {
        calls++
        return relu.kernelFunc(given)
      },
    })
    return { device: 'one thread of JavaScript', features: [] }
  },
  stop: () => tf.removeBackend(NAME),
})

const active = await useBackend([counting()])
calls = 0
console.log(active.name, [...tf.relu([-1, 2]).dataSync()], `${calls} call`)
