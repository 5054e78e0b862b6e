// Reads one hostile file in a process of its own and prints what it took, as JSON: for the test beside the
// families, and by hand: node scripts/hostile.ts "long names joined"

import { writeFileSync } from 'node:fs'
import { readCheckpointFile } from '../src/node.ts'
import { hostileFiles } from '../src/testing/hostile.ts'

const [name = '', path] = process.argv.slice(2)
if (path === undefined) {
  for (const [family, make] of Object.entries(hostileFiles)) {
    if (family.includes(name)) writeFileSync(`${family.replaceAll(' ', '-')}.bin`, make(1))
  }
} else {
  // What Node takes for reading anything comes first.
  await readCheckpointFile('fixtures/types.zip.pt')
  await readCheckpointFile('fixtures/arrays-compressed.npz')
  const before = process.resourceUsage().maxRSS
  const [start, worked] = [performance.now(), process.cpuUsage()]
  const outcome = await readCheckpointFile(path).then(
    ({ tensors }) => `${tensors.size} tensors`,
    (error: Error) => `${error.name}: ${error.message}`,
  )
  const { user, system } = process.cpuUsage(worked)
  const result = {
    outcome,
    milliseconds: Math.round(performance.now() - start),
    processor: Math.round((user + system) / 1000),
    memory: (process.resourceUsage().maxRSS - before) * 1024,
  }
  console.log(JSON.stringify(result))
}
