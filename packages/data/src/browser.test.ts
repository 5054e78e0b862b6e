import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

/** Every module that `entry` leads to, with what each imports. */
function importsFrom(entry: URL, seen = new Map<string, string[]>()): Map<string, string[]> {
  if (seen.has(entry.href)) return seen
  const source = readFileSync(entry, 'utf8')
  const found = [...source.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!)
  seen.set(entry.href, found)
  for (const name of found) if (name.startsWith('.')) importsFrom(new URL(name, entry), seen)
  return seen
}

describe('the browser entry', () => {
  it('leads to modules of its own only: nothing of Node, no sharp', () => {
    const modules = importsFrom(new URL('./browser.ts', import.meta.url))
    expect(modules.size).toBeGreaterThan(12)
    for (const [module, names] of modules) {
      expect(
        names.filter((name) => !name.startsWith('.')),
        module,
      ).toEqual([])
      expect(module).not.toContain('/node/')
    }
  })

  it('gives the names that the Node entry gives, but those that need files', async () => {
    const [browser, node] = await Promise.all([import('./browser.ts'), import('./index.ts')])
    const extra = Object.keys(node).filter((name) => !(name in browser))
    expect(extra.sort()).toEqual(
      [
        ...[
          'cifar10Dataset',
          'cifar100Dataset',
          'encodeJpeg',
          'encodePng',
          'imageFolder',
          'mnistDataset',
          'openDataset',
          'packPicture',
        ],
        ...['packDataset', 'packed', 'packedName', 'readPicture', 'showBatch', 'tarShards'],
      ].sort(),
    )
  })
})
