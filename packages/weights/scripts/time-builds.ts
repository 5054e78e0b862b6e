// Times two builds of this package beside each other in one process: whole weight files, read by both in turn, many
// times; the median and the least time of each. Files of 3 MB take a millisecond, so that a quiet machine is needed.
//
//   node packages/weights/scripts/time-builds.ts BEFORE/packages/weights/dist packages/weights/dist FILE…

import { statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { argv, stdout } from 'node:process'
import type * as weights from '../src/node.ts'

const [, , before, now, ...files] = argv
if (!before || !now || files.length === 0) throw new Error('name two folders of builds, and files')
const builds = await Promise.all(
  [before, now].map(
    (folder): Promise<typeof weights> => import(new URL(`file://${resolve(folder)}/node.js`).href),
  ),
)

for (const file of files) {
  const megabytes = statSync(file).size / 1e6
  const rounds = Math.max(30, Math.min(1000, Math.round(3000 / megabytes)))
  const times: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    for (const turn of [0, 1]) {
      const which = (turn + round) % 2
      const started = performance.now()
      await builds[which]!.readCheckpointFile(file)
      times[which]!.push(performance.now() - started)
    }
  }
  const [first, second] = times.map((list) => list.sort((a, b) => a - b)) as [number[], number[]]
  const line = (name: string, at: number) =>
    `${name} ${first[at]!.toFixed(2)} → ${second[at]!.toFixed(2)} ms (${(second[at]! / first[at]!).toFixed(3)})`
  stdout.write(`${basename(file)}: ${line('median', rounds >> 1)}, ${line('least', 0)}\n`)
}
