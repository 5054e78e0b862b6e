// PyTorch's own files through the whole command: file, pictures, network (seen from the tensors), answer. fixtures/ and the
// probabilities in it are PyTorch's (scripts/make-checkpoints.py).

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { start } from '../testing/run.ts'

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url))
const expected: { pictures: string[]; probabilities: Record<string, number[][]> } = JSON.parse(
  readFileSync(join(fixtures, 'expected.json'), 'utf8'),
)

describe('checkpoints of PyTorch', () => {
  it.each(Object.entries(expected.probabilities))('%s', async (file, rows) => {
    const args = ['classify', ...expected.pictures, '--weights', file]
    const result = await start([...args, '--top', '10', '--json'], { cwd: fixtures })
    expect(result.stderr).toBe('')
    const answers: { top: { index: number; probability: number }[] }[] = JSON.parse(result.stdout)
    expect(answers).toHaveLength(3)
    for (const [picture, { top }] of answers.entries()) {
      const row = rows[picture]!
      const order = [...row.keys()].sort((a, b) => row[b]! - row[a]!)
      expect(top.map(({ index }) => index)).toEqual(order)
      for (const { index, probability } of top) {
        expect(Math.abs(probability - row[index]!)).toBeLessThan(1e-5)
      }
    }
  })

  it('of another network, lists every tensor that does not fit', async () => {
    const args = ['classify', expected.pictures[0]!, '-w', 'float32.pth', '--variant', 'cifar']
    const result = await start(args, { cwd: fixtures })
    expect(result.code).toBe(1)
    expect(result.stderr).toMatch(/^alexnet: float32\.pth: the weights do not fit the model: /)
    expect(result.stderr).toMatch(/features\.0\.weight is \[6, 3, 5, 5\].*missing features\.8/)
  })
})
