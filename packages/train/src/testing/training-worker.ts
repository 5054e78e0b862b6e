// A whole run in a worker, told to its page event by event. For worker.browser.test.ts only.

import * as tf from '@tensorflow/tfjs'
import { oneCycle } from '../schedule.ts'
import { Sgd } from '../sgd.ts'
import { Trainer } from '../trainer.ts'
import { batches, createModel } from './small-run.ts'

await tf.setBackend('cpu')
const optimizer = new Sgd({ momentum: 0.9, nesterov: true })
const trainer = new Trainer({ model: createModel(), optimizer, averageDecay: 0.9 })
const validation = () => batches({ epoch: 99, start: 0 })
for await (const event of trainer.fit({
  epochs: 3,
  batches,
  validation,
  schedule: oneCycle(0.1),
})) {
  postMessage(event)
}
const { tensors, metadata } = await trainer.checkpoint()
postMessage({ type: 'saved', tensors: tensors.size, training: metadata.training })
