// Backends, in Chromium with software drivers: all three are right, are timed, and agree.
import { expect, it } from 'vitest'
import type { Measurement } from '../engine/measure.ts'
import { describeSite, PATIENCE, saved } from '../testing/site.ts'

describeSite('Backends', (site) => {
  it('measures all three, which agree, and hands out a report', async () => {
    const page = await site.open('#/backends')
    await page.getByRole('button', { name: 'Measure' }).click()
    await page.getByRole('button', { name: 'Save the report' }).waitFor({ timeout: 2 * PATIENCE })
    const { backends, machine } = JSON.parse(`${(await saved(page, 'Save the report')).bytes}`)
    expect(machine.crossOriginIsolated).toBe(true)
    expect(backends.map(({ name }: Measurement) => name)).toEqual(['cpu', 'webgl', 'webgpu'])
    const [{ logits }] = backends
    const scale = Math.max(...logits.map(Math.abs))
    for (const backend of backends) {
      expect(backend.unusable).toBeUndefined()
      expect(backend.selfCheck.passed).toBe(true)
      expect(backend.inference).toHaveLength(2)
      for (const { milliseconds } of [...backend.inference, backend.training]) {
        expect(milliseconds).toBeGreaterThan(0)
      }
      for (const [index, logit] of logits.entries()) {
        expect(Math.abs(backend.logits[index] - logit) / scale).toBeLessThan(1e-3)
      }
      const row = page.getByTestId(`backend-${backend.name}`)
      expect(await row.textContent()).toContain('passed')
    }
    await page.context().close()
  })
})
