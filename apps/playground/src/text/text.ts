// The page's language and what it says in it, by i18next: `t` has the text of a key. The language is the address's (`lang=zh`),
// else the browser's; what is chosen is in the address from then on. English is always there, others come when they are chosen.
import i18next from 'i18next'
import { Store } from '../store.ts'
import { en } from './en.ts'
import type { evidenceEn } from './evidence-en.ts'
import type { handsEn } from './hands-en.ts'
import type { liveEn } from './live-en.ts'
import type { mapEn } from './map-en.ts'
import type { takeEn } from './take-en.ts'
import type { tourEn } from './tour-en.ts'

/** Each by its own name. */
export const languages = { en: 'English', zh: '简体中文' } as const
export type Language = keyof typeof languages

/** The tables of the other languages. */
const tables = { zh: async () => (await import('./zh.ts')).zh } as const

/** Texts of parts of the page that come on demand, by the name that stands before their keys: `hands:undo`. */
const parts = {
  evidence: {
    en: async () => (await import('./evidence-en.ts')).evidenceEn,
    zh: async () => (await import('./evidence-zh.ts')).evidenceZh,
  },
  hands: {
    en: async () => (await import('./hands-en.ts')).handsEn,
    zh: async () => (await import('./hands-zh.ts')).handsZh,
  },
  live: {
    en: async () => (await import('./live-en.ts')).liveEn,
    zh: async () => (await import('./live-zh.ts')).liveZh,
  },
  take: {
    en: async () => (await import('./take-en.ts')).takeEn,
    zh: async () => (await import('./take-zh.ts')).takeZh,
  },
  tour: {
    en: async () => (await import('./tour-en.ts')).tourEn,
    zh: async () => (await import('./tour-zh.ts')).tourZh,
  },
  map: {
    en: async () => (await import('./map-en.ts')).mapEn,
    zh: async () => (await import('./map-zh.ts')).mapZh,
  },
} as const
export type TextPart = keyof typeof parts
const taken = new Set<TextPart>()

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: {
      translation: typeof en
      evidence: typeof evidenceEn
      hands: typeof handsEn
      live: typeof liveEn
      map: typeof mapEn
      take: typeof takeEn
      tour: typeof tourEn
    }
  }
}

void i18next.init({
  lng: 'en',
  fallbackLng: 'en',
  resources: { en: { translation: en } },
  initAsync: false,
  // Preact escapes what it shows.
  interpolation: { escapeValue: false },
})

export const { t } = i18next

export const language = new Store<Language>('en')

/** Takes a language, once its table is there; `<html lang>` follows. */
export async function takeLanguage(name: Language): Promise<void> {
  if (name !== 'en' && !i18next.hasResourceBundle(name, 'translation')) {
    i18next.addResourceBundle(name, 'translation', await tables[name]())
  }
  for (const part of taken) await loadPart(part, name)
  await i18next.changeLanguage(name)
  document.documentElement.lang = { en: 'en', zh: 'zh-Hans' }[name]
  language.set(name)
}

/** A part of the page, once its texts have come, too. */
export async function withTexts<Part>(
  names: readonly TextPart[],
  part: Promise<Part>,
): Promise<Part> {
  for (const name of names) taken.add(name)
  await Promise.all(names.map((name) => loadPart(name, language.value)))
  return part
}

async function loadPart(part: TextPart, name: Language): Promise<void> {
  if (!i18next.hasResourceBundle(name, part)) {
    i18next.addResourceBundle(name, part, await parts[part][name]())
  }
}

/** The language of an address, or the first of the browser's that the page has, or English. */
export function languageOf(search: string, preferred: readonly string[]): Language {
  const wanted = [new URLSearchParams(search).get('lang') ?? '', ...preferred]
  const found = wanted.map((tag) => tag.toLowerCase().split('-')[0]!)
  return (found.find((name) => name in languages) as Language | undefined) ?? 'en'
}

/** A number as the language writes it. */
export function number(value: number, options?: Intl.NumberFormatOptions): string {
  const key = `${language.value} ${JSON.stringify(options)}`
  let format = formats.get(key)
  if (!format) {
    format = new Intl.NumberFormat(language.value, options)
    formats.set(key, format)
  }
  return format.format(value)
}

// One takes longer to make than a hundred numbers to write.
const formats = new Map<string, Intl.NumberFormat>()

/** A share as a percentage with one decimal. */
export const percent = (share: number): string =>
  number(share, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 })
