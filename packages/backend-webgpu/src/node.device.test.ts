import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { missing } from './testing/start.ts'

it.skipIf(missing)(
  `lets the process end when the work ends${missing ? `: ${missing}` : ''}`,
  () => {
    const program = `
      import { useBackend } from '@alexnet/backend'
      import { webgpu } from '@alexnet/backend-webgpu/node'
      import * as tf from '@tensorflow/tfjs'
      await useBackend([webgpu({ software: true })])
      console.log(...(await tf.square(tf.tensor1d([1, 2, 3])).data()))`
    const { status, signal, stdout } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', program],
      { encoding: 'utf8', timeout: 500_000 },
    )
    expect({ status, signal, stdout }).toEqual({ status: 0, signal: null, stdout: '1 4 9\n' })
  },
)
