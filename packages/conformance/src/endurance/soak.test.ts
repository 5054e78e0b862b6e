import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { beforeAll, describe, expect, it } from 'vitest'
import { growth, type MemorySample, soak } from './soak.ts'

describe('a hundred training steps', () => {
  beforeAll(async () => {
    await useBackend([cpu({ threads: 2 })])
  })

  it('leave memory flat after the first epoch', async () => {
    const samples: MemorySample[] = []
    for await (const sample of soak({ steps: 100, every: 10, batch: 6 })) samples.push(sample)
    expect(samples).toHaveLength(10)
    for (const sample of samples.slice(1)) expect(growth(samples[0]!, sample)).toEqual([])
  })
})
