// The one way to the terminal. Whatever a line holds that would steer the terminal is shown instead of obeyed,
// for labels, file names and errors are other people's words; colours are this program's own.

import { randomBytes } from 'node:crypto'
import pc from 'picocolors'

let muted = false

/** Keeps this process silent, or lets it speak again: of several that do the same, one talks. */
export const mute = (silent = true): void => {
  muted = silent
}
export const isMuted = (): boolean => muted

/** Writes lines to stdout. */
export const print = (...lines: string[]): void =>
  void (muted || process.stdout.write(asWritten(lines)))

/** Writes lines to stderr. */
export const tell = (...lines: string[]): void =>
  void (muted || process.stderr.write(asWritten(lines)))

/** Writes a value to stdout as JSON, on one line or indented. */
export function printJson(value: unknown, indent?: number): void {
  if (muted) return
  // JSON itself leaves the terminal's second set of control characters as they are.
  const text = JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  )
  process.stdout.write(`${text}\n`)
}

/** Control characters, those that end lines or turn the direction of text, and halves of characters. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu
const short: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Text with what cannot be seen shown as bash, too, writes it: `\x1b`, `\n`, `\u202e`. */
export const shown = (text: string): string =>
  text.replace(UNSEEN, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0')
    return short[character] ?? (character < '\x80' ? `\\x${code.slice(2)}` : `\\u${code}`)
  })

/** Stands for ESC until a line is written. It is made anew for each process, so that no file can hold it. */
const MARK = `\ufdd0${randomBytes(8).toString('hex')}\ufdd1`

const asWritten = (lines: readonly string[]) =>
  lines.map((line) => `${shown(line).replaceAll(MARK, '\x1b')}\n`).join('')

/** Changes how text that follows looks, by the terminal's own numbers. */
export const paint = (numbers: string): string => `${MARK}[${numbers}m`

const styled = (on: number, off: number) => (text: string) =>
  pc.isColorSupported ? `${paint(`${on}`)}${text}${paint(`${off}`)}` : text

export const bold = styled(1, 22)
export const dim = styled(2, 22)
export const cyan = styled(36, 39)
export const yellow = styled(33, 39)
