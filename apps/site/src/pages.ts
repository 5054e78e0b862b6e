// Which Markdown files of the repository are pages, and where each stands on the site. The files stay where they are:
// GitHub and npm show the same text.

import { globSync } from 'node:fs'
import { basename, join } from 'node:path'

export const root = join(import.meta.dirname, '../../..')

/** Patterns of the repository's files that are pages, with what takes their place in the address. */
const rules: [pattern: string, address: (path: string) => string][] = [
  ['apps/site/{,zh/}index.md', (path) => path.replace('apps/site/', '')],
  ['apps/site/api/**/*.md', (path) => path.replace('apps/site/', '')],
  ['docs/guides/**/*.md', (path) => path.replace('docs/', '')],
  ['docs/zh/**/*.md', (path) => path.replace('docs/', '')],
  [
    'docs/{benchmarks,decisions,experiments,explanations}/*.md',
    (path) => asIndex(path.replace('docs/', '')),
  ],
  [
    'docs/{alexnet-explained,conformance,conformance-pictures,consumers,tests}.md',
    (path) => path.replace('docs/', ''),
  ],
  ['packages/*/{README,ARCHITECTURE,MODEL_CARD}.md', asIndex],
  ['apps/{cli,bench,playground}/README.md', asIndex],
  ['examples/README.md', asIndex],
  ['{CONTRIBUTING,SECURITY,CODE_OF_CONDUCT,AGENTS}.md', (path) => `project/${path.toLowerCase()}`],
]

function asIndex(path: string): string {
  return path
    .replace(/README\.md$/, 'index.md')
    .replace(/(ARCHITECTURE|MODEL_CARD)\.md$/, (name) => name.toLowerCase())
}

/** Files of the repository, with `/` between folders, to files of the site. */
export function readPages(): Map<string, string> {
  const pages = new Map<string, string>()
  for (const [pattern, address] of rules) {
    for (const found of globSync(pattern, { cwd: root }).sort()) {
      const path = found.replaceAll('\\', '/')
      if (!pages.has(path)) pages.set(path, address(path))
    }
  }
  return pages
}

/** Markdown files of the repository that are no pages. */
export function readOthers(pages: ReadonlyMap<string, string>): string[] {
  const isForeign = (folder: string) => ['node_modules', 'dist'].includes(basename(folder))
  return globSync('**/*.md', { cwd: root, exclude: isForeign })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !pages.has(path))
    .concat('**/node_modules/**', '**/dist/**')
}
