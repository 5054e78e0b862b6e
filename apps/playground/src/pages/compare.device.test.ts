// Compare, in Chromium: two pictures, the same one twice, the edge between them, by the library's numbers.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openLpips } from '@alexnet/lpips'
import { expect, it } from 'vitest'
import { describeSite, folder, picturesFor } from '../testing/site.ts'

describeSite('Compare', (site) => {
  it('tells how far apart two pictures look, as the library does', async () => {
    const page = await site.open('#/compare')
    const distance = page.getByTestId('distance')
    await distance.waitFor()
    const files = ['frog', 'truck'].map((name) => join(folder, `public/samples/${name}.png`))
    await picturesFor(page, 'compare').setInputFiles(files)
    await page.getByRole('button', { name: 'First picture: frog.png' }).click()
    await page.getByRole('button', { name: 'Second picture: truck.png' }).click()
    await distance.filter({ hasText: 'frog.png and truck.png' }).waitFor()
    const lpips = await openLpips('cifar10-int8')
    const [frog, truck] = files.map((file) => readFileSync(file))
    const found = await lpips.compare(frog!, truck!)
    lpips.dispose()
    const text = await distance.textContent()
    expect(Number(text!.split(': ').at(-1))).toBeCloseTo(found.distance, 3)
    const last = await page.getByText(/^after convolution 5: /).textContent()
    expect(Number(last!.split(': ').at(-1))).toBeCloseTo(found.layers[4]!, 3)
    await page.getByRole('img', { name: 'Where they differ' }).waitFor()
    await page.getByRole('slider').fill('20')
    await expect
      .poll(() => page.locator('.over').evaluate((one: HTMLElement) => one.style.clipPath))
      .toContain('20%')
    // A picture beside itself.
    await page.getByRole('button', { name: 'Second picture: frog.png' }).click()
    await distance.filter({ hasText: 'frog.png and frog.png: 0.0000' }).waitFor()
    await page.context().close()
  })
})
