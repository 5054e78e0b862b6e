// That all ranks are about the same thing, before they do anything together: a rank with another data set,
// version or recipe would be averaged with the rest without a word.

import { type Communicator, RankError } from './communicator.ts'

/**
 * Compares what each rank says of itself with what rank 0 says.
 *
 * @param facts texts by what they are of: `{ 'data set': fingerprint, recipe: JSON }`
 * @throws RankError on every rank alike, naming the first rank that differs and in what
 */
export async function agree(
  communicator: Communicator,
  facts: Readonly<Record<string, string>>,
): Promise<void> {
  const all = (await communicator.allGather(new TextEncoder().encode(JSON.stringify(facts)))).map(
    (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as Record<string, string>,
  )
  const [first] = all
  for (const [rank, own] of all.entries()) {
    const names = new Set([...Object.keys(first!), ...Object.keys(own)])
    for (const name of names) {
      if (own[name] === first![name]) continue
      const [there, here] = firstDifference(first![name] ?? 'none', own[name] ?? 'none')
      throw new RankError(
        `rank ${rank} differs from rank 0 in ${name} (${here}, rank 0 ${there}): start all ranks with the same command, program and files`,
      )
    }
  }
}

/** Two texts, long ones from a little before they part. */
function firstDifference(a: string, b: string): [string, string] {
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  const from = Math.max(0, start - 20)
  const cut = (text: string) =>
    `${from > 0 ? '…' : ''}${text.slice(from, start + 40)}${text.length > start + 40 ? '…' : ''}`
  return [cut(a), cut(b)]
}
