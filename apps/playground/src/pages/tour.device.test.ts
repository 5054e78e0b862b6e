// The tour, in Chromium: each step's question, what stands beside it, its address and its form for other pages.
import { expect, it } from 'vitest'
import { describeSite, PATIENCE } from '../testing/site.ts'
import { en } from '../text/en.ts'
import { tourEn } from '../text/tour-en.ts'
import { type Step, steps } from './steps.ts'

/** What shows that a view is at work. */
const signs: Record<Step['views'][number], string> = {
  inside: 'canvas.sheet',
  parameters: '.counted tfoot',
  functions: '.chart canvas',
  half: '.bars >> nth=1',
  cuts: 'canvas.tile >> nth=7',
  code: 'table.code',
}

describeSite('The tour', (site) => {
  it('has a question and the network at work in each step', async () => {
    const page = await site.open('#/tour')
    for (const [index, { name, answer, views, model }] of steps.entries()) {
      await page.getByRole('heading', { level: 2, name: tourEn[name].title }).waitFor()
      expect(new URL(page.url()).hash).toBe(index === 0 ? '#/tour' : `#/tour/${index + 1}`)
      for (const view of views)
        await page.locator(signs[view]).first().waitFor({ timeout: PATIENCE })
      if (views.includes('inside'))
        await page.getByTestId('status').getByText(en.about[model]).waitFor()
      const other = answer === 'a' ? 'b' : 'a'
      const question = page.getByRole('region', { name: 'Guess first' })
      await question.getByRole('button', { name: tourEn[name][other], exact: true }).click()
      const status = question.getByRole('status')
      expect(await status.textContent()).toContain(`No: ${tourEn[name][answer]}.`)
      await question.getByRole('button', { name: tourEn[name][answer], exact: true }).click()
      expect(await status.textContent()).toBe(`Right. ${tourEn[name].answer}`)
      if (index + 1 < steps.length) await page.getByRole('link', { name: /^On: / }).click()
    }
    await page.context().close()
  })

  it('works out what every variant learns', async () => {
    const page = await site.open('#/tour/7')
    const total = page.getByTestId('total')
    await page.getByText('256 × 5 × 5 × 96 ÷ 2 + 256').waitFor()
    expect(await total.textContent()).toBe('60,965,224')
    for (const [variant, parameters] of [
      ['torchvision', '61,100,840'],
      ['lenet-5', '62,006'],
    ] as const) {
      await page.getByRole('combobox', { name: 'Variant' }).selectOption(variant)
      await expect.poll(() => total.textContent(), { timeout: PATIENCE }).toBe(parameters)
    }
    // The choice is in the address.
    await page.reload()
    await expect.poll(() => total.textContent(), { timeout: PATIENCE }).toBe('62,006')
    await page.context().close()
  })

  it('draws which layers see both cards', async () => {
    const page = await site.open('#/tour/6')
    const drawing = (layers: string) =>
      page.getByRole('img', { name: `The network on two cards. Layers that see both: ${layers}.` })
    // As the figure of the paper has it.
    await drawing('conv3, fc6, fc7, fc8').waitFor()
    await page.getByRole('combobox', { name: 'Variant' }).selectOption('torchvision')
    await drawing('conv2, conv3, conv4, conv5, fc6, fc7, fc8').waitFor()
    await page.context().close()
  })

  it('opens a step by its address, and without a frame in other pages', async () => {
    const page = await site.open('?embed&lang=zh#/tour/9')
    await page.getByRole('heading', { name: '没有留下来的归一化' }).waitFor()
    await page.getByRole('heading', { name: /features\.\d+: LRN/ }).waitFor()
    expect(await page.getByRole('banner').count()).toBe(0)
    expect(await page.getByRole('link', { name: '打开完整页面' }).getAttribute('href')).toMatch(
      /[?&]lang=zh#\/tour\/9$/,
    )
    await page.context().close()
  })
})
