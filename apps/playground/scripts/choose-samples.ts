// Chooses the pictures that the page offers: of each class one of CIFAR-10's test pictures, at random by a seed, whatever
// any model says to them.
//
//   node apps/playground/scripts/choose-samples.ts TEST_PICTURES

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { argv, stdout } from 'node:process'
import { encodePng, openDataset } from '@alexnet/data'
import { Random } from '@alexnet/data/transforms'

/** The year of the paper. */
const SEED = 2012
const folder = join(import.meta.dirname, '../public/samples')
const test = await openDataset(argv[2]!, { split: 'test' })
for (const [label, name] of test.classes.entries()) {
  const own = Array.from({ length: test.length }, (_, at) => at).filter(
    (at) => test.label(at) === label,
  )
  const chosen = own[new Random(SEED, label).integer(own.length)]!
  await writeFile(join(folder, `${name}.png`), await encodePng(await test.load(chosen)))
  stdout.write(`${name}: ${test.path(chosen)}\n`)
}
