// The whole path beside PyTorch's, from files to answers: a .pth of AlexNet and photos through the built
// command on one side, torchvision's transforms and PyTorch's network on the other.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const HELP = `Compares the command's answers for photos with PyTorch's.

Usage: node scripts/compare-photos.ts --photos FOLDER [options]

  --photos FOLDER  JPEG or PNG files
  --count N        how many of them (default 20)
  --python PATH    a Python with PyTorch and torchvision (default: the environment's PYTHON, or python3)

Exits with 1 unless every logit is within 0.001 of PyTorch's and every top-5 is in the same order.`

/** Most that a logit may differ. */
const BOUND = 1e-3

const { values } = parseArgs({
  options: {
    photos: { type: 'string' },
    count: { type: 'string', default: '20' },
    python: { type: 'string', default: process.env.PYTHON ?? 'python3' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help || !values.photos) {
  console.log(HELP)
  process.exit(values.help ? 0 : 2)
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const photos = readdirSync(values.photos)
  .filter((name) => /\.(jpe?g|png)$/i.test(name))
  .sort()
  .slice(0, Number(values.count))
  .map((name) => resolve(values.photos!, name))
const folder = mkdtempSync(join(tmpdir(), 'alexnet-photos-'))
const large = { encoding: 'utf8', maxBuffer: 2 ** 28, cwd: folder } as const
try {
  const script = here('photos-pytorch.py')
  const python = execFileSync(values.python, [script, folder, ...photos], large)
  const expected = JSON.parse(python) as { torch: string; logits: number[][] }
  const alexnet = (...args: string[]) =>
    execFileSync(process.execPath, [here('../dist/main.js'), ...args], large)
  const model = ['--weights', 'alexnet.pth', '--variant', 'torchvision', '--json']
  alexnet('features', ...photos, ...model, '--layer', 'classifier.6', '--out', 'logits.jsonl')
  const lines = readFileSync(join(folder, 'logits.jsonl'), 'utf8').trim().split('\n')
  const found = lines.map((line) => JSON.parse(line).features as number[])
  const top: { top: { index: number }[] }[] = JSON.parse(
    alexnet('classify', ...photos, ...model, '--top', '5'),
  )
  let [worst, largest, sameOrder] = [0, 0, 0]
  for (const [photo, row] of expected.logits.entries()) {
    for (const [index, logit] of row.entries()) {
      worst = Math.max(worst, Math.abs(found[photo]![index]! - logit))
      largest = Math.max(largest, Math.abs(logit))
    }
    const order = [...row.keys()].sort((a, b) => row[b]! - row[a]!).slice(0, 5)
    if (top[photo]!.top.map(({ index }) => index).join() === order.join()) sameOrder++
  }
  console.log(
    `PyTorch ${expected.torch}, ${photos.length} photos: worst difference of a logit ` +
      `${worst.toExponential(1)} (bound ${BOUND}, largest logit ${largest.toFixed(1)}), ` +
      `the same top-5 in the same order for ${sameOrder}`,
  )
  process.exitCode = worst <= BOUND && sameOrder === photos.length ? 0 : 1
} finally {
  rmSync(folder, { recursive: true })
}
