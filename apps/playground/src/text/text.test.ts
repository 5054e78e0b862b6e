// The tables of the languages, against one another, and which language is taken.
import { expect, it } from 'vitest'
import { en } from './en.ts'
import { evidenceEn } from './evidence-en.ts'
import { evidenceZh } from './evidence-zh.ts'
import { handsEn } from './hands-en.ts'
import { handsZh } from './hands-zh.ts'
import { liveEn } from './live-en.ts'
import { liveZh } from './live-zh.ts'
import { mapEn } from './map-en.ts'
import { mapZh } from './map-zh.ts'
import { takeEn } from './take-en.ts'
import { takeZh } from './take-zh.ts'
import { languageOf, number, percent, t } from './text.ts'
import { tourEn } from './tour-en.ts'
import { tourZh } from './tour-zh.ts'
import { zh } from './zh.ts'

type Tree = { readonly [key: string]: string | Tree }

/** Every text by its whole key, the forms for one left out. */
function leaves(tree: Tree, before = ''): Map<string, string> {
  return new Map(
    Object.entries(tree)
      .filter(([key]) => !key.endsWith('_one'))
      .flatMap(([key, value]) =>
        typeof value === 'string'
          ? [[before + key, value]]
          : [...leaves(value, `${before}${key}.`)],
      ),
  )
}

const english = leaves({
  ...en,
  evidence: evidenceEn,
  hands: handsEn,
  live: liveEn,
  map: mapEn,
  take: takeEn,
  tour: tourEn,
})
const chinese = leaves({
  ...zh,
  evidence: evidenceZh,
  hands: handsZh,
  live: liveZh,
  map: mapZh,
  take: takeZh,
  tour: tourZh,
})
const holes = (text: string) => [...text.matchAll(/{{(\w+)/g)].map(([, name]) => name).sort()

it('has every text in Chinese, with the same things filled in', () => {
  expect([...chinese.keys()]).toEqual([...english.keys()])
  for (const [key, text] of english) expect(holes(chinese.get(key)!), key).toEqual(holes(text))
})

it('has no English sentence among the Chinese ones', () => {
  // Names and commands have up to two words.
  for (const [key, text] of chinese) expect(text, key).not.toMatch(/[a-z]{2,} [a-z]{2,} [a-z]{2,}/)
})

it('takes the language of the address, then the browser’s, then English', () => {
  expect(languageOf('?lang=zh', ['en-US'])).toBe('zh')
  expect(languageOf('', ['fr', 'zh-CN', 'en'])).toBe('zh')
  expect(languageOf('?lang=xx', ['de-CH'])).toBe('en')
})

it('fills in, counts and writes numbers', () => {
  expect(t('own.pictures', { count: 1 })).toBe('1 picture')
  expect(t('own.pictures', { count: 3 })).toBe('3 pictures')
  expect(t('classify.tooMany', { most: 1500, left: 2 })).toContain('1,500 pictures: the last 2')
  expect(number(60_965_224)).toBe('60,965,224')
  expect(percent(0.1234)).toBe('12.3%')
})
