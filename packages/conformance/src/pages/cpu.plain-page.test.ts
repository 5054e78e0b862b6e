import { expect, it } from 'vitest'
import { report } from './report.ts'

it('the CPU backend trains on one thread where a page may not share memory', async () => {
  expect(crossOriginIsolated).toBe(false)
  const found = await report()
  expect(found.device).toBe('CPU, WebAssembly, 1 thread')
  expect(found.features).not.toContain('shared-memory')
  expect(found.worstError).toBeLessThan(1e-5)
  expect(found.losses).toHaveLength(5)
  expect(found.losses.every(Number.isFinite)).toBe(true)
})
