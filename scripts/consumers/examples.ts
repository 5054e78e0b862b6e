// The programs of `examples/`, from a consumer's folder: each is run as its first lines say, on drawn pictures, and
// must print what it is there for.

import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from './in-node.ts'
import { root } from './tarballs.ts'

const examples = join(root, 'examples')

/** Arguments of each example, and what its output must look like. */
const runs: Record<string, { args?: readonly string[]; prints: RegExp }> = {
  'classify.mjs': {
    args: ['drawn/one/0.png', 'drawn/two/0.png'],
    prints: /^drawn\/one\/0\.png: \w+ \d+\.\d %, .*\ndrawn\/two\/0\.png: .* %\n$/,
  },
  'search.mjs': {
    args: ['drawn/one/0.png', 'drawn/two/0.png', 'drawn/one/0.png', 'drawn/one/1.png'],
    prints: /^1\.000 drawn\/one\/0\.png\n0\.\d+ .*\n0\.\d+ .*\n$/,
  },
  'load-pth.mjs': {
    args: ['lenet-5.pth', 'drawn/one/0.png'],
    prints:
      /^lenet-5\.pth: pytorch-zip\n {2}features\.0\.weight: float32 6×3×5×5\n[\s\S]*\nlenet-5: class \d, \d/,
  },
  'cpu-engine.mjs': { prints: /^alexnet-cpu: .*\nloss (\d\.\d{3} ){4}0\.0\d\d\n$/m },
  'transform.mjs': { prints: /^1\d % of the values are grey\n$/ },
  'backend.mjs': { prints: /^counting-cpu \[ 0, 2 \] 1 call\n$/ },
  'fine-tune.mjs': {
    args: ['drawn', 'mine.safetensors'],
    prints: /^epoch 1: loss \d\.\d\d\nepoch 2: .*\nepoch 3: .*\nwritten mine\.safetensors: /,
  },
}

const drawing = `
  import { mkdirSync, writeFileSync } from 'node:fs'
  import { encodePng, shapes } from '@alexnet/data'
  const dataset = shapes({ count: 60, size: 40, seed: 4 })
  const numbers = {}
  for (let index = 0; index < dataset.length; index++) {
    const name = ['one', 'two'][dataset.label(index)]
    if (!name) continue
    numbers[name] = (numbers[name] ?? -1) + 1
    mkdirSync('drawn/' + name, { recursive: true })
    writeFileSync('drawn/' + name + '/' + numbers[name] + '.png', await encodePng(await dataset.load(index)))
  }`

/** Runs every example; gives what is wrong with each, undefined where nothing is. */
export function runExamples(folder: string): Record<string, string | undefined> {
  cpSync(examples, join(folder, 'examples'), { recursive: true })
  copyFileSync(join(root, 'apps/playground/fixtures/lenet-5.pth'), join(folder, 'lenet-5.pth'))
  const drawn = runProgram(folder, 'drawing.mjs', drawing)
  if (drawn.status !== 0) throw new Error(drawn.stderr)
  const names = readdirSync(examples).filter((name) => name.endsWith('.mjs'))
  return Object.fromEntries(
    names.map((name) => {
      const { args = [], prints } = runs[name] ?? { prints: /^no such run/ }
      const { stdout, stderr, status } = spawnSync(
        process.execPath,
        [join('examples', name), ...args],
        { cwd: folder, encoding: 'utf8', timeout: 120_000 },
      )
      if (status !== 0) return [name, stderr.trim()]
      return [name, prints.test(stdout) ? undefined : `printed ${stdout}`]
    }),
  )
}
