// Links as the repository's files have them, and what the site makes of them.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { siteLink } from './links.ts'
import { readPages, root } from './pages.ts'

const pages = readPages()
const options = { root, pages, repository: 'https://git.example/alexnet' }

it.each([
  ['https://example.org/a.md', 'README.md', 'https://example.org/a.md'],
  ['#start', 'docs/README.md', '#start'],
  ['../packages/core/README.md', 'docs/README.md', '/packages/core/'],
  ['../weights', 'packages/core/README.md', '/packages/weights/'],
  ['../../docs/decisions/0006-biome.md#x', 'apps/cli/README.md', '/decisions/0006-biome#x'],
  ['guides/scale-out.md', 'docs/README.md', '/guides/scale-out'],
  ['benchmarks/README.md', 'docs/README.md', '/benchmarks/'],
  [
    '../../packages/cifar10/MODEL_CARD.md',
    'docs/experiments/README.md',
    '/packages/cifar10/model_card',
  ],
  ['../AGENTS.md', 'docs/README.md', '/project/agents'],
  ['../LICENSE', 'docs/README.md', 'https://git.example/alexnet/blob/main/LICENSE'],
  [
    'classify.mjs',
    'examples/README.md',
    'https://git.example/alexnet/blob/main/examples/classify.mjs',
  ],
  ['playground', 'docs/README.md', 'https://git.example/alexnet/tree/main/docs/playground'],
])('%s of %s', (link, from, expected) => {
  expect(siteLink(link, from, options)).toBe(expected)
})

it('refuses a link to nothing', () => {
  expect(() => siteLink('nowhere.md', 'docs/README.md', options)).toThrow(
    'docs/README.md links to nowhere.md, which is not there',
  )
})

it('has a place of its own for every page', () => {
  expect(new Set(pages.values()).size).toBe(pages.size)
  expect(pages.size).toBeGreaterThan(60)
})

it('has no link on any page that leads nowhere', () => {
  const faults: string[] = []
  let links = 0
  for (const path of pages.keys()) {
    const text = readFileSync(join(root, path), 'utf8').replaceAll(/```.*?```|`[^`\n]*`/gs, '')
    for (const [, link = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      links++
      try {
        siteLink(link, path, options)
      } catch (error) {
        faults.push((error as Error).message)
      }
    }
  }
  expect(faults).toEqual([])
  expect(links).toBeGreaterThan(100)
})
