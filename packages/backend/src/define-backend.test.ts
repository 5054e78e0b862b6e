// A backend made of tfjs's cpu by its definition: what every backend package has from here.

import * as tf from '@tensorflow/tfjs'
import { afterEach, describe, expect, it } from 'vitest'
import { defineBackend, type OpenedBackend } from './define-backend.ts'
import { useBackend } from './use-backend.ts'

interface Options {
  name?: string
  scale?: number
}

interface Counting extends OpenedBackend {
  ended: boolean
  scale: number
}

let opened = 0
/** Names of the kernels that ran, those of the self-check too. */
const ran: string[] = []
let forbidden = ''

const counting = defineBackend<Options, Counting>({
  name: 'counting',
  base: 'cpu',
  kernels: [
    {
      name: 'Neg',
      run(call, fallback) {
        const x = call.inputs.x!
        // Integers are left to tfjs.
        if (x.dtype !== 'float32') return fallback(call)
        const values = tf.util.getTypedArrayFromDType('float32', tf.util.sizeFromShape(x.shape))
        const dataId = call.backend.write(values.fill(-call.backend.scale), x.shape, 'float32')
        return { dataId, shape: x.shape, dtype: 'float32' }
      },
    },
    { name: 'OwnKernel', run: (call, fallback) => fallback(call) },
  ],
  supported: ({ scale = 1 }) => scale > 0 || `scale ${scale} is not above 0`,
  async open(_, { scale = 1 }) {
    opened++
    const Base = tf.findBackendFactory('cpu')().constructor as new () => tf.KernelBackend
    class Backend extends Base implements Counting {
      ended = false
      scale = scale
      override memory() {
        return { unreliable: false, numBytesInUse: 8, numBytesReserved: 16 }
      }
      undoOnError<T>(kernel: () => T): T {
        return kernel()
      }
      override dispose(): void {
        this.ended = true
      }
    }
    return { backend: new Backend(), device: 'imitation', features: [], build: 'test', threads: 3 }
  },
  before(kernelName) {
    ran.push(kernelName)
    if (kernelName === forbidden) throw new Error(`${kernelName}: not on this device`)
  },
})

describe('a backend by its definition', () => {
  afterEach(() => {
    forbidden = ''
    for (const name of ['counting', 'other']) {
      if (tf.findBackendFactory(name)) tf.removeBackend(name)
    }
  })

  it('refuses a name with an underscore, and options that its machine cannot run', async () => {
    expect(() => counting({ name: 'my_backend' })).toThrow(/underscores/)
    expect(await counting({ scale: -1 }).isSupported()).toBe('scale -1 is not above 0')
    await expect(counting({ scale: -1 }).start()).rejects.toThrow('scale -1 is not above 0')
  })

  it('is one under its name, and is started anew once it has ended', async () => {
    const before = opened
    const [first, again] = await Promise.all([counting().start(), counting().start()])
    expect(again).toBe(first)
    expect(await counting().start()).toBe(first)
    expect(opened).toBe(before + 1)
    await expect(counting({ scale: 2 }).start()).rejects.toThrow(
      'a backend \'counting\' already runs with other options ({}, not {"scale":2})',
    )
    await counting({ name: 'other', scale: 2 }).start()
    first.stop!()
    expect(tf.findBackendFactory('counting')).toBeNull()
    expect(await counting({ scale: 2 }).start()).not.toBe(first)
  })

  it('says what it is, and runs its kernels, with those of its base where it has none', async () => {
    const active = await useBackend([counting({ scale: 5 })])
    expect(active).toMatchObject({
      name: 'counting',
      build: 'test',
      threads: 3,
      precision: 'float32',
    })
    expect(tf.memory()).toMatchObject({ numBytesInUse: 8, numBytesReserved: 16 })
    ran.length = 0
    expect([...tf.neg(tf.ones([2])).dataSync()]).toEqual([-5, -5])
    expect([...tf.neg(tf.tensor1d([3], 'int32')).dataSync()]).toEqual([-3])
    expect([...tf.square(tf.tensor1d([3])).dataSync()]).toEqual([9])
    expect(ran.filter((name) => name !== 'Fill')).toEqual(['Neg', 'Neg', 'Square'])
    expect(() => tf.engine().runKernel('OwnKernel', { x: tf.ones([2], 'int32') })).toThrow(
      'kernel OwnKernel takes float32 tensors only; it was given x int32 [2]',
    )
    forbidden = 'Square'
    expect(() => tf.square(tf.ones([2]))).toThrow('Square: not on this device')
  })
})
