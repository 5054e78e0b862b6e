// Times the cases of `benchmark-torchvision.py`: passes over all pictures to warm up, then as many as
// fit the given time. Prints milliseconds of processor time a picture of each case, as JSON.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process, { argv } from 'node:process'
import { createNormalizer, imagenetMean, imagenetStd } from '../src/normalize.ts'
import type { Picture } from '../src/picture.ts'
import { type Case, runCase } from '../src/testing.ts'

const folder = argv[2]!
const seconds = Number(argv[3])
const { cases, pictures } = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8')) as {
  cases: (Case | { normalize: true })[]
  pictures: { file: string; width: number; height: number }[]
}
const sources = pictures.map(({ file, width, height }): Picture => {
  return { width, height, data: new Uint8Array(readFileSync(join(folder, file))) }
})
const floats = new Float32Array(Math.max(...sources.map(({ data }) => data.length)))
const normalizer = createNormalizer(imagenetMean, imagenetStd)

/** Milliseconds of all this process's threads: garbage collection and compiling count too. */
function processorTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

const milliseconds = cases.map((given) => {
  const run = (picture: Picture) =>
    'normalize' in given ? normalizer.write(picture, floats) : runCase(given, picture)
  const begun = processorTime()
  while (processorTime() - begun < seconds * 1000) sources.forEach(run)
  let count = 0
  const start = processorTime()
  while (processorTime() - start < seconds * 1000) {
    sources.forEach(run)
    count += sources.length
  }
  return (processorTime() - start) / count
})
console.log(JSON.stringify(milliseconds))
