import { openLpips } from '@alexnet/lpips'
import { expect } from 'vitest' // or '@playwright/test'

const lpips = await openLpips('cifar10') // or openLpips(): LPIPS v0.1, where 0.05 is a strict limit

expect.extend({
  async toLookLike(screenshot: Uint8Array, reference: string | Uint8Array, limit = 0.05) {
    const { distance } = await lpips.compare(screenshot, reference)
    return {
      pass: distance <= limit,
      message: () => `the pictures differ by ${distance.toFixed(3)}, the limit is ${limit}`,
    }
  },
})
