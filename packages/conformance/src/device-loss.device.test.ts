import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { inspectWebGPU } from '@alexnet/backend-webgpu/node'
import { describe, expect, it } from 'vitest'
import { undisturbed } from './device-loss.ts'
import { complaints, loseWebGPU } from './webgpu-device-loss.ts'

const report = await inspectWebGPU({ software: true })

describe.skipIf(!report.available)(
  `a WebGPU device destroyed in the middle of training${report.reason ? `: ${report.reason}` : ''}`,
  () => {
    it('is told by name, counts no step more, and the run goes on on the processor', async () => {
      await useBackend([cpu({ threads: 1 })])
      const expected = await undisturbed()
      for (const delay of [1, 150]) {
        expect(complaints(await loseWebGPU(delay), expected)).toEqual([])
      }
    }, 600_000)
  },
)
