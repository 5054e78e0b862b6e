import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { describe, expect, it } from 'vitest'
import { dawnBackend } from './kernels/dawn-backend.ts'
import { apart, lossesOf } from './same-losses.ts'

const supported = await dawnBackend.adapter().isSupported()

describe.skipIf(supported !== true)(
  `fifty steps on WebGPU in Node${supported === true ? '' : `: ${supported}`}`,
  () => {
    it('have the losses of the processor', async () => {
      const run = { variant: 'lenet-5', steps: 50, batch: 4 } as const
      await useBackend([cpu({ threads: 1 })])
      const expected = await lossesOf(run)
      await useBackend([dawnBackend.adapter()])
      const found = await lossesOf(run)
      expect(found).toHaveLength(50)
      expect(apart(expected, found)).toBeLessThan(1e-3)
    }, 600_000)
  },
)
