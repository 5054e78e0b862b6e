// A whole run in a worker, told to its page event by event; the worker's name is its backend's. For
// worker.browser.test.ts only.

import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { webgl } from '@alexnet/backend-webgl'
import * as tf from '@tensorflow/tfjs'
import { oneCycle } from '../schedule.ts'
import { Sgd } from '../sgd.ts'
import { Trainer } from '../trainer.ts'
import { batches, createModel } from './small-run.ts'

/** Ours by name; else one of TensorFlow.js's own. */
const ours = {
  'alexnet-cpu': () => cpu({ threads: 2 }),
  'alexnet-webgl': () => webgl({ software: true }),
}

async function start(backend: string): Promise<string> {
  if (backend in ours) await useBackend([ours[backend as keyof typeof ours]()])
  else await tf.setBackend(backend)
  return tf.getBackend()
}

async function train(): Promise<void> {
  const backend = await start(self.name)
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
  postMessage({ type: 'saved', tensors: tensors.size, training: metadata.training, backend })
}

// An error of a module that waits at its top is told to nobody.
train().catch((error: Error) => postMessage({ type: 'failed', message: error.message }))
