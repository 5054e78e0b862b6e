// Starts the CPU backend wherever this runs, a page or a worker, and says what it is and whether it computes.

import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import * as tf from '@tensorflow/tfjs'
import { losses, smallTrainer } from '../endurance/runs.ts'

export interface Report {
  device: string
  features: string[]
  worstError: number
  losses: number[]
}

export async function report(): Promise<Report> {
  const { name, device, features, selfCheck } = await useBackend([cpu({ threads: 2 })])
  const own: number[] = []
  for await (const loss of losses(smallTrainer(), 5)) own.push(loss)
  tf.removeBackend(name)
  const worstError = Math.max(...selfCheck.results.map(({ error }) => error))
  return { device, features, worstError, losses: own }
}
