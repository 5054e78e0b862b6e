// The matcher of the README, as a program copies it into its own tests.

import { readFileSync } from 'node:fs'
import { encodePng, shapes } from '@alexnet/data'
import { expect, it } from 'vitest'
import './testing/to-look-like.ts'

/** What the matcher adds to `expect(…)`. */
interface Looks {
  toLookLike(reference: string | Uint8Array, limit?: number): Promise<void>
}

const read = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8')

it('says whether a screenshot looks like its reference', async () => {
  const drawn = shapes({ count: 2, size: 64 })
  const [one, other] = await Promise.all([0, 1].map(async (i) => encodePng(await drawn.load(i))))
  const expectOne = () => expect(one) as unknown as Looks & { not: Looks }
  await expectOne().toLookLike(one!)
  await expectOne().not.toLookLike(other!)
  await expect(expectOne().toLookLike(other!)).rejects.toThrow(
    /the pictures differ by \d+\.\d{3}, the limit is 0.05/,
  )
})

it('is what the README shows', () => {
  expect(read('../README.md')).toContain(read('testing/to-look-like.ts'))
})
