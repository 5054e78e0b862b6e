// Commands that are told to a person, as they can be pasted into a shell.

import { shown } from './print.ts'

/**
 * A command whose values are quoted where a shell would take them for more than one word:
 *
 *     command`alexnet train ${path} --out ${folder}`
 */
export function command(parts: TemplateStringsArray, ...values: string[]): string {
  return parts.reduce((text, part, index) => `${text}${quoted(values[index - 1]!)}${part}`)
}

/** One word for a POSIX shell; with control characters, for bash, zsh and ksh. */
export function quoted(word: string): string {
  // A name that begins with a dash would be taken for an option.
  const plain = word.startsWith('-') ? `./${word}` : word
  if (/^[\w@%+=:,./-]+$/.test(plain)) return plain
  if (plain === shown(plain)) return `'${plain.replaceAll("'", "'\\''")}'`
  return `$'${shown(plain.replace(/[\\']/g, '\\$&'))}'`
}
