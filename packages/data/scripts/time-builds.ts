// Times two builds of this package beside each other in one process: decoding photos, and the loader's batches of
// one. Each picture is done by both in turn, many times; what counts is the sum of every picture's least time, which
// other work on the machine hardly moves.
//
//   node packages/data/scripts/time-builds.ts BEFORE/packages/data/dist packages/data/dist PHOTOS [ROUNDS]

import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { argv, stdout } from 'node:process'
import type * as data from '../src/index.ts'

type Data = typeof data

const [, , before, now, photos, rounds = '150'] = argv
if (!before || !now || !photos) throw new Error('name two folders of builds, and one of photos')
const builds = await Promise.all(
  [before, now].map(
    (folder): Promise<Data> => import(new URL(`file://${resolve(folder)}/index.js`).href),
  ),
)
const files = readdirSync(photos)
  .slice(0, 10)
  .map((name) => join(photos, name))

/** Random crops of 224 pixels, mirrored and normalised. */
async function load({ loader, pictureList, torchvisionTrain }: Data, file: string): Promise<void> {
  const dataset = pictureList([{ picture: file, label: 'photo' }])
  const { transforms, mean, std } = torchvisionTrain()
  for await (const _ of loader({ dataset, batchSize: 1, transforms, mean, std })) break
}

const works = {
  decode: (build: Data, file: string) => build.readPicture(file),
  'decode, crop, normalise': load,
}

for (const [name, work] of Object.entries(works)) {
  const least = builds.map(() => files.map(() => Number.POSITIVE_INFINITY))
  for (let round = 0; round < Number(rounds); round++) {
    for (const [index, file] of files.entries()) {
      for (const turn of [0, 1]) {
        const which = (turn + round + index) % 2
        const started = performance.now()
        await work(builds[which]!, file)
        const time = performance.now() - started
        least[which]![index] = Math.min(least[which]![index]!, time)
      }
    }
  }
  const [first, second] = least.map((times) => times.reduce((sum, time) => sum + time, 0))
  stdout.write(
    `${name}: ${first!.toFixed(2)} ms before, ${second!.toFixed(2)} ms now, ratio ${(second! / first!).toFixed(3)}\n`,
  )
}
