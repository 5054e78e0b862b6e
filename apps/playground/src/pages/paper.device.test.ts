// The paper, in Chromium: the live race, and each claim with what was measured or that nothing was.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeSite, folder } from '../testing/site.ts'
import { en } from '../text/en.ts'
import { claims, type Experiment, measuredFor } from './experiments.ts'

/** What docs/experiments holds, as the build took it in. */
function experiments(): Experiment[] {
  const place = join(folder, '../../docs/experiments')
  const names = existsSync(place) ? readdirSync(place) : []
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(place, name), 'utf8')))
}

describeSite('The paper', (site) => {
  it('shows every claim, with its curves or the command that measures them', async () => {
    const page = await site.open('#/paper')
    const all = experiments()
    for (const claim of claims) {
      const section = page.getByRole('region', {
        name: en.claims[claim.name],
        exact: true,
      })
      await section.waitFor()
      const { measured, missing } = measuredFor(claim, all)
      expect(await section.getByText('Measured here.').count()).toBe(measured ? 1 : 0)
      expect(await section.locator('canvas').count()).toBe(measured ? 1 : 0)
      const count = await section.getByText('Not measured by this project yet').count()
      expect(count).toBe(missing.length > 0 ? 1 : 0)
    }
    await page.context().close()
  })

  it('races ReLU against tanh', async () => {
    const page = await site.open('#/paper')
    await page.getByRole('button', { name: 'Start the race' }).click()
    await page.getByText(/After \d+ pictures: ReLU [\d.]+% wrong, tanh [\d.]+%/).waitFor()
    await page.getByRole('img', { name: /^Training error over pictures seen/ }).waitFor()
    await page.getByRole('button', { name: 'Stop the race' }).click()
    await page.getByRole('button', { name: 'Start the race' }).waitFor()
    await page.context().close()
  })
})
