// The examples of the READMEs. A block that goes on from another has what it needs in a comment before it, which
// npm and GitHub do not show:
//
//     <!-- before
//     const model = createAlexNet()
//     -->
//
// and one that needs a GPU, a page or a download says `<!-- not run -->`: it is checked for its types alone.

import { readFileSync } from 'node:fs'

export interface Block {
  /** `README.md:31`, for what is said of it. */
  where: string
  /** `ts` needs TypeScript, `js` is JavaScript as it stands. */
  language: 'ts' | 'js'
  code: string
  /** False for one that says that it cannot be run here. */
  runs: boolean
  /** What it prints, where the README tells. */
  prints: string | undefined
}

const fence =
  /(?:^<!-- (not run|before\n[\s\S]*?) ?-->\n+)?^```(ts|js)\n([\s\S]*?)^```$(?:\s+prints\s+```text\n([\s\S]*?)```)?/gm

/** Every block of TypeScript and JavaScript in a README. */
export function blocksOf(path: string, name: string): Block[] {
  const text = readFileSync(path, 'utf8')
  return [...text.matchAll(fence)].map((match) => {
    const [whole, note = '', language, code = '', prints] = match
    const line = text.slice(0, match.index + whole.indexOf('```')).split('\n').length
    const before = note.startsWith('before\n') ? note.slice('before\n'.length) : ''
    return {
      where: `${name}:${line}`,
      language: language as Block['language'],
      code: `${before}${code}`,
      runs: note !== 'not run',
      prints,
    }
  })
}
