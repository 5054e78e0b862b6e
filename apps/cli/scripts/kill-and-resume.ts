// Kills a training run at hundreds of random moments and resumes it: every loss must equal that of a run
// that was left alone, bit for bit. Build the command first.
//
//   node apps/cli/scripts/kill-and-resume.ts --kills 300 --seed 1

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { killAndResume } from '../src/testing/kill.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
  },
})
const cwd = await mkdtemp(join(tmpdir(), 'alexnet-kill-'))
const started = performance.now()
try {
  const result = await killAndResume({
    cwd,
    args: [
      ...'shapes:240 --variant lenet-5 --epochs 3 --batch-size 8 --checkpoint-every 7'.split(' '),
      ...'--average-decay 0.99 --clip-norm 2 --mix-up 0.4 --threads 1 --no-report'.split(' '),
    ],
    kills: Number(values.kills),
    seed: Number(values.seed),
    onProgress: (text) => process.stderr.write(`${text}\n`),
  })
  const seconds = (performance.now() - started) / 1000
  process.stdout.write(`${JSON.stringify({ ...result, seconds: Math.round(seconds) }, null, 2)}\n`)
  process.exitCode = result.differences.length === 0 ? 0 : 1
} finally {
  await rm(cwd, { recursive: true, force: true })
}
