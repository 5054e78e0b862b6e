// The front page and the languages, in Chromium.
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { describeSite } from '../testing/site.ts'
import { steps } from './steps.ts'

/** All English tables: those of parts that come on demand, too. */
const tables = import.meta.glob<object>('../text/{en,*-en}.ts', { eager: true })

/** Their sentences, which no page in another language may show. */
function sentences(tree: object = tables): string[] {
  return Object.values(tree).flatMap((value) =>
    typeof value !== 'string'
      ? sentences(value)
      : value.split(/{{[^}]*}}/).filter((part) => /[a-z]{2,} [a-z]{2,} [a-z]{2,}/.test(part)),
  )
}

/** Those of them that are on the page, in texts and names. */
const leftovers = (page: Page) =>
  page.evaluate((all) => {
    const names = [...document.querySelectorAll('[aria-label], [alt], [title], [placeholder]')]
    const said = names.flatMap((element) =>
      ['aria-label', 'alt', 'title', 'placeholder'].map((name) => element.getAttribute(name)),
    )
    const text = `${document.querySelector('#app')!.textContent} ${said.join(' ')} ${document.title}`
    return all.filter((sentence) => text.includes(sentence))
  }, sentences())

describeSite('The front page', (site) => {
  it('names a picture, another one at a press, and has four ways on', async () => {
    const page = await site.open()
    await page.locator('.bars').first().waitFor()
    expect(await page.locator('.bars .label').first().textContent()).toBe('airplane')
    await page.getByRole('button', { name: 'Another picture' }).click()
    await page.getByRole('img', { name: 'automobile.png' }).waitFor()
    await expect.poll(() => page.locator('.bars .label').first().textContent()).toBe('automobile')
    for (const [door, heading] of [
      ['Tour', 'AlexNet in twelve steps'],
      ['Try', 'Classify'],
      ['Make your own', 'Train'],
      ['For researchers', 'Look inside'],
    ] as const) {
      await page.getByRole('main').getByRole('link', { name: door }).click()
      await page.getByRole('heading', { level: 1, name: heading }).waitFor()
      await page.goBack()
      await page.getByRole('heading', { level: 1, name: 'AlexNet, in your hands' }).waitFor()
    }
    await page.context().close()
  })

  it('says what an address names that is not there', async () => {
    const page = await site.open('#/nonsense')
    await page.getByRole('alert').filter({ hasText: 'nonsense' }).waitFor()
    await page.context().close()
  })

  it('speaks the browser’s language, and the one that is chosen', async () => {
    const page = await site.open('', { locale: 'zh-CN' })
    await page.getByRole('heading', { level: 1, name: '把 AlexNet 拿在手里' }).waitFor()
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('zh-Hans')
    await page.getByRole('combobox', { name: '语言' }).selectOption('en')
    await page.getByRole('heading', { level: 1, name: 'AlexNet, in your hands' }).waitFor()
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('en')
    expect(page.url()).toContain('lang=en')
    // Links keep it, and so does a reload.
    await page.getByRole('main').getByRole('link', { name: 'Try' }).click()
    await page.reload()
    await page.getByRole('heading', { level: 1, name: 'Classify' }).waitFor()
    await page.context().close()
  })

  const paths = ['classify', 'live', 'look', 'compare', 'map', 'train', 'take', 'paper', 'backends']
  it('says nothing in English on the pages in Chinese', async () => {
    const page = await site.open('?lang=zh')
    await page.locator('.bars').first().waitFor()
    expect(await leftovers(page), 'home').toEqual([])
    for (const path of [...paths, ...steps.map((_, index) => `tour/${index + 1}`)]) {
      await page.evaluate((hash) => {
        location.hash = hash
      }, `#/${path}`)
      await page.locator(`[aria-current][href="#/${path}"]`).waitFor()
      await page.getByText('正在载入……').waitFor({ state: 'detached' })
      if (path === 'look') await page.getByRole('img', { name: /的 grad-cam$/ }).waitFor()
      expect(await leftovers(page), path).toEqual([])
    }
    // The test itself: in English there are some.
    await page.getByRole('combobox', { name: '语言' }).selectOption('en')
    await page.getByText('Guess first').waitFor()
    expect((await leftovers(page)).length).toBeGreaterThan(5)
    await page.context().close()
  })
})
