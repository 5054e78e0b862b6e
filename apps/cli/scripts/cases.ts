// Runs the inputs that once came out wrong, a line each: right or not, what was seen, what is expected. They are
// kept in a folder outside the repository, whose README says what each is. Build the command first; with `--python`
// of a Pillow 12 the pictures' every byte is compared.
//
//   node apps/cli/scripts/cases.ts --cases FOLDER [--python python3] [--only twelve]

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { countClasses, decodePicture, openDataset } from '@alexnet/data'
import { readCheckpointFile } from '@alexnet/weights/node'

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: process.env.ALEXNET_CASES },
    python: { type: 'string' },
    only: { type: 'string', default: '' },
  },
})
if (!values.cases) throw new Error('name the folder of the cases: --cases FOLDER')
const folder = resolve(values.cases)
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const work = await mkdtemp(join(tmpdir(), 'alexnet-cases-'))

/** What a case has to show: the same text, or an error that says this. */
type Expected = string | RegExp

interface Case {
  readonly name: string
  readonly expected: Expected
  see(): Promise<string>
}

/** Runs the command; what it prints. @throws an error with its `stderr` */
async function alexnet(...args: string[]): Promise<string> {
  const command = [main, ...args, '--threads', '1']
  const env = { ...process.env, NO_COLOR: '1' }
  return (await promisify(execFile)(process.execPath, command, { cwd: work, env })).stdout
}

const data = (name: string) => join(folder, 'data', name)

/** Pictures of each class: "a 4, b 4". */
async function counts(name: string, split?: 'train' | 'validation' | 'test') {
  const dataset = await openDataset(data(name), { split })
  const found = countClasses(dataset)
  return dataset.classes.map((label, at) => `${label} ${found[at]}`).join(', ')
}

/** Trains until a small network knows its pictures; the run's folder. */
async function trained(name: string, epochs: number): Promise<string> {
  const out = await mkdtemp(join(work, 'run-'))
  const options = `--variant lenet-5 --epochs ${epochs} --batch-size 8 --learning-rate 0.002`
  const settings = [...options.split(' '), '--optimizer', 'adamw', '--no-augment', '--no-report']
  await alexnet('train', data(name), ...settings, '--out', out)
  return out
}

async function accuracy(name: string, weights: string): Promise<string> {
  const told = await alexnet('evaluate', data(name), '--weights', weights, '--json')
  return `top-1 ${(100 * JSON.parse(told).top1).toFixed(1)} %`
}

const labelCases: Case[] = [
  {
    name: 'parts',
    expected: /validation of the last epoch 100\.0 %, test 100\.0 %/,
    async see() {
      const out = await trained('parts', 40)
      const log = await readFile(join(out, 'log.jsonl'), 'utf8')
      const lines = log.trim().split('\n')
      const epochs = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'epoch')
      const share = (100 * epochs.at(-1).validation.top1).toFixed(1)
      return `validation of the last epoch ${share} %, test ${(await accuracy('parts', out)).slice(6)}`
    },
  },
  {
    name: 'twelve',
    expected: 'shard top-1 100.0 %, folder top-1 100.0 %',
    async see() {
      const out = await trained('twelve/shard', 60)
      return `shard ${await accuracy('twelve/shard', out)}, folder ${await accuracy('twelve/folder', out)}`
    },
  },
  {
    name: 'dots',
    expected: /names are cut at their first dot/,
    see: () => counts('dots'),
  },
  { name: 'upper', expected: '0 4, 1 4', see: () => counts('upper') },
  { name: 'one-without', expected: /has no label/, see: () => counts('one-without') },
  {
    name: 'one-label-missing.tar',
    expected: /has no label/,
    see: () => counts('one-label-missing.tar'),
  },
  {
    name: 'json-object',
    expected: /must be a number or a name/,
    see: () => counts('json-object'),
  },
  { name: 'mask', expected: '0 2, 1 2', see: () => counts('mask') },
  { name: 'two-pictures.tar', expected: '0 1', see: () => counts('two-pictures.tar') },
  { name: 'cut.tar', expected: /is cut off/, see: () => counts('cut.tar') },
  {
    name: 'three',
    expected: 'train a 6, b 6; to choose by a 2, b 2; test a 3, b 3',
    see: async () =>
      `train ${await counts('three')}; to choose by ${await counts('three', 'validation')}; test ${await counts('three', 'test')}`,
  },
  {
    name: 'case',
    expected: 'train a 6, b 6; test a 2, b 2',
    see: async () => `train ${await counts('case')}; test ${await counts('case', 'test')}`,
  },
  {
    name: 'mnist-dot',
    expected: /^mnist, 10 classes/,
    see: async () => {
      const { name, classes } = await openDataset(data('mnist-dot'))
      return `${name}, ${classes.length} classes`
    },
  },
  {
    name: 'nfc, nfd',
    expected: 'top-1 100.0 %',
    async see() {
      const out = await trained('nfc', 40)
      return accuracy('nfd', out)
    },
  },
  {
    name: 'same-names',
    expected: '2 files',
    async see() {
      const out = await trained('nfc', 1)
      const [a, b, maps] = [data('same-names/a/0.jpg'), data('same-names/b/0.jpg'), 'maps']
      await alexnet('explain', a, b, '--weights', out, '--out', maps)
      return `${(await readdir(join(work, maps))).length} files`
    },
  },
]

/** Names and a hash of the values of the tensors that all files of weights but a few hold. */
const PLAIN =
  'features.0.weight 2,3,3,3 4d0eef6e, features.0.bias 2 8e4cd1bb, classifier.0.weight 4,2 f331b3bd, classifier.0.bias 4 4cf63da2'
/** Rounded to float16. */
const HALF =
  'features.0.weight 2,3,3,3 ba1a27c0, features.0.bias 2 a9218b80, classifier.0.weight 4,2 3ad43814, classifier.0.bias 4 f37b9054'

const hashed = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex').slice(0, 8)

async function tensors(name: string): Promise<string> {
  const checkpoint = await readCheckpointFile(join(folder, 'weights', name))
  return [...checkpoint.tensors]
    .map(
      ([
        tensor,
        {
          shape,
          data: { buffer, byteOffset, byteLength },
        },
      ]) => {
        const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)
        return `${tensor} ${shape} ${hashed(bytes)}`
      },
    )
    .join(', ')
}

const weightCases: Case[] = [
  ...Object.entries({
    'wrapper-best-acc1-tensor.pth.tar': PLAIN,
    'wrapper-loss-tensor.pth': PLAIN,
    'tfjs-downloads/model.json': 'features.0/kernel 3,3,3,2 93382444, features.0/bias 2 3a40305d',
    'legacy-pickle-protocol-4.pth': PLAIN,
    'crc-zero.pth': PLAIN,
    'float16-int32-data.onnx': HALF,
    'external.onnx': PLAIN,
    'no-initialisers.onnx': /without initialisers/,
    'prefix-orig-mod.pth': PLAIN,
    'prefix-lightning.ckpt': PLAIN,
    'args-path.pth': PLAIN,
    'args-enum.pth': PLAIN,
    'args-datetime.pth': PLAIN,
    'python2-long.npz': PLAIN,
    'with-readme.npz': PLAIN,
    'metadata-null.safetensors': PLAIN,
  }).map(([name, expected]) => ({ name, expected, see: () => tensors(name) })),
  {
    name: 'big-endian-fortran.npz',
    expected: `w 64,64 ${hashed(await readFile(join(folder, 'weights/big-endian.expected.f32')))}`,
    see: () => tensors('big-endian-fortran.npz'),
  },
]

/** Sizes as Pillow gives them, and how far pixels may be from its own: AVIF is upsampled and rounded otherwise. */
const pictures: Record<string, { size: string; mean?: number }> = {
  'orientation-long-big-endian-baseline.jpg': { size: '37×45' },
  'exif-twice-1-then-6-baseline.jpg': { size: '45×37' },
  'junk-between-segments.jpg': { size: '45×37' },
  'dc-overflow.jpg': { size: '64×40' },
  'brand-mif1.avif': { size: '24×16', mean: 2 },
  // Strong colours, subsampled; its second frame is off by 105.
  'animated.avif': { size: '64×40', mean: 8 },
  'grey-limited.avif': { size: '64×40', mean: 2 },
  'orientation-6.webp': { size: '40×64' },
  'short.webp': { size: '100×100' },
  'transparent-white.gif': { size: '19×13' },
}

const pillow = `import sys; from PIL import Image, ImageOps
image = ImageOps.exif_transpose(Image.open(sys.argv[1])).convert("RGB")
sys.stdout.buffer.write(image.width.to_bytes(4, "little") + image.height.to_bytes(4, "little") + image.tobytes())`

const pictureCases: Case[] = Object.entries(pictures).map(([name, { size, mean = 0 }]) => {
  const path = join(folder, 'pictures', name)
  const bound = mean === 0 ? '' : ` within ${mean}`
  return {
    name,
    expected: new RegExp(`^${size}.*${values.python ? ` as Pillow's${bound}$` : ''}`),
    async see() {
      const picture = await decodePicture(path)
      const shown = `${picture.width}×${picture.height}`
      if (!values.python) return shown
      const { stdout } = await promisify(execFile)(values.python, ['-c', pillow, path], {
        encoding: 'buffer',
        maxBuffer: 2 ** 28,
      })
      const theirs = `${stdout.readUInt32LE(0)}×${stdout.readUInt32LE(4)}`
      if (theirs !== shown) return `${shown}, Pillow's ${theirs}`
      const expected = stdout.subarray(8)
      const sum = picture.data.reduce(
        (total, value, at) => total + Math.abs(value - expected[at]!),
        0,
      )
      const off = sum / expected.length
      return off <= mean ? `${shown} as Pillow's${bound}` : `${shown}, off by ${off.toFixed(2)}`
    },
  }
})

let wrong = 0
try {
  for (const { name, expected, see } of [...labelCases, ...weightCases, ...pictureCases]) {
    if (!name.includes(values.only)) continue
    const seen = await see().catch((error: Error & { stderr?: string }) =>
      `${error.stderr || error.message}`.trim().replaceAll(folder, '…'),
    )
    const isRight = typeof expected === 'string' ? seen === expected : expected.test(seen)
    if (!isRight) wrong += 1
    const told = isRight ? `saw ${seen}` : `saw ${seen}\n    expected ${expected}`
    process.stdout.write(`${isRight ? 'right    ' : 'NOT RIGHT'} ${name}: ${told}\n`)
  }
} finally {
  await rm(work, { recursive: true, force: true })
}
process.stdout.write(wrong === 0 ? 'all right\n' : `${wrong} not right\n`)
process.exitCode = wrong === 0 ? 0 : 1
