// What names say: which files are pictures, and when two names are one class. Every source asks here, so that a
// folder, a tar shard and a list of files agree.

import { pictureExtensions } from './picture-header.ts'

/** Endings of the pictures that are read, as a person lists them. */
export const PICTURE_ENDINGS = pictureExtensions.map((ending) => `.${ending}`).join(', ')

const foreignEnding = /^(pam|heic|heif|jp2|j2k|jxl|psd|tga|svg|ico|hdr|exr|pcx|dng|cr2|nef|arw)$/

/** What stands behind a name's last dot, in lower case; '' where there is none. */
export function endingOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot > name.lastIndexOf('/') ? name.slice(dot + 1).toLowerCase() : ''
}

/** Whether a name ends as pictures do that are read. */
export const isPictureName = (name: string): boolean => pictureExtensions.includes(endingOf(name))

/** Whether a name ends as pictures do, read or not. */
export const isAnyPictureName = (name: string): boolean =>
  isPictureName(name) || foreignEnding.test(endingOf(name))

/**
 * The one spelling of a class's name: composed (NFC). Macs and their archives decompose letters with accents
 * (NFD), which look the same and are other code units.
 */
export const className = (name: string): string => name.normalize('NFC')

/** Python's order of text: by code points, where JavaScript compares UTF-16 units. */
export function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const one = a.charCodeAt(at)
    const other = b.charCodeAt(at)
    if (one === other) continue
    // Surrogates stand for code points above all others, and yet their units lie below U+E000 to U+FFFF.
    const isPair = (unit: number) => unit >= 0xd800 && unit <= 0xdfff
    if (isPair(one) !== isPair(other)) return isPair(one) ? 1 : -1
    return one - other
  }
  return a.length - b.length
}

/** "4 files (.bmp 3, .txt 1), such as a/1.bmp": what was left out, for one line. */
export function countedNames(names: readonly string[], kindOf = endingOf): string {
  const counts = new Map<string, number>()
  for (const name of names) {
    // What begins with a dot is a tool's leaving: its name is no ending.
    const isHidden = /(^|\/)\.[^/]*$/.test(name)
    const ending = isHidden ? endingOf(name) : kindOf(name)
    const kind = ending === '' ? 'no ending' : `.${ending}`
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a)
  const kinds = sorted.slice(0, 6).map(([kind, count]) => `${kind} ${count}`)
  if (sorted.length > 6) kinds.push('…')
  const files = names.length === 1 ? 'file' : 'files'
  return `${names.length} ${files} (${kinds.join(', ')}), such as ${names[0]}`
}
