// Applies the cases of `torchvision_cases.py` to raw pictures: the other half of
// `compare-torchvision.py`, which calls it with a folder and reads the results from there.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { argv } from 'node:process'
import { type Case, runCase } from '../src/testing.ts'

const folder = argv[2]!
const { cases } = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8')) as {
  cases: (Case & { file: string; width: number; height: number })[]
}
cases.forEach(({ file, width, height, ...rest }, at) => {
  const picture = { width, height, data: new Uint8Array(readFileSync(join(folder, file))) }
  const result = runCase(rest, picture)
  writeFileSync(join(folder, `${at}.out`), result.data)
})
