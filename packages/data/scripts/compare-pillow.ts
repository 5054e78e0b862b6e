// Holds decoding to Pillow's on folders of pictures of your own, each folder a corpus:
//
//     node scripts/compare-pillow.ts FOLDER… [--python /usr/bin/python3] [--list] [--record FILE]
//
// Prints, by corpus and by format, of how many distinct files the pixels are equal or differ, how many only this
// package or only Pillow reads, and how many both refuse. `--list` names those on which the two part, with the
// greatest and the mean difference; `--record` writes the tables between the marks of a Markdown file. AVIF wants
// Pillow 11.3 or later. Build the package first: what is compared is its `dist`.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { type Dirent, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { stdout, version } from 'node:process'
import { parseArgs } from 'node:util'
import { decodePicture, type Picture, PictureError } from '../dist/index.js'
import { pictureFormat } from '../dist/picture-header.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string', default: 'python3' },
    list: { type: 'boolean', default: false },
    record: { type: 'string' },
  },
})
if (positionals.length === 0) {
  throw new Error('name the folders with the pictures: node scripts/compare-pillow.ts FOLDER…')
}

const columns = ['equal', 'differ', 'only ours', 'only Pillow', 'refused'] as const
type Outcome = (typeof columns)[number]
/** How many files had each outcome, and how many are no picture of a format that is read here. */
type Row = Record<Outcome | 'files' | 'others', number>

const emptyRow = (): Row => ({
  files: 0,
  equal: 0,
  differ: 0,
  'only ours': 0,
  'only Pillow': 0,
  refused: 0,
  others: 0,
})

/** Pillow in a process of its own, asked one file after the other. */
class Pillow {
  readonly #process
  #held = Buffer.alloc(0)
  #wake = () => {}

  constructor(python: string) {
    const script = join(import.meta.dirname, 'pillow_decoder.py')
    this.#process = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] })
    let chunks: Buffer[] = []
    this.#process.stdout.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      this.#collect = () => {
        if (chunks.length > 0) this.#held = Buffer.concat([this.#held, ...chunks])
        chunks = []
      }
      this.#wake()
    })
    this.#process.on('error', (error) => {
      throw new Error(`--python ${python}: it cannot be started (${error.message})`)
    })
  }

  #collect = () => {}

  async #take(isThere: (held: Buffer) => number): Promise<Buffer> {
    let wanted = 1
    for (;;) {
      this.#collect()
      const length = isThere(this.#held)
      if (length >= 0 && this.#held.length >= length) {
        const taken = this.#held.subarray(0, length)
        this.#held = this.#held.subarray(length)
        return taken
      }
      wanted = Math.max(wanted, length)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  async line(): Promise<Record<string, string | number>> {
    return JSON.parse((await this.#take((held) => held.indexOf(10) + 1 || -1)).toString())
  }

  async decode(path: string): Promise<Picture | string> {
    this.#process.stdin.write(`${JSON.stringify(path)}\n`)
    const { width, height, error } = await this.line()
    if (error !== undefined) return String(error)
    const size = { width: Number(width), height: Number(height) }
    const length = size.width * size.height * 3
    return { ...size, data: await this.#take(() => length) }
  }

  close(): void {
    this.#process.stdin.end()
  }
}

function* filesOf(folder: string): Generator<string> {
  const byName = (a: Dirent, b: Dirent) => (a.name < b.name ? -1 : 1)
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort(byName)) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && !entry.name.startsWith('.git')) yield* filesOf(path)
    else if (entry.isFile() && statSync(path).size > 0) yield path
  }
}

async function ours(bytes: Uint8Array, path: string): Promise<Picture | string> {
  try {
    return await decodePicture(bytes, { path, minPixelsPerSide: 1 })
  } catch (error) {
    if (error instanceof PictureError) return error.message.replace(path, '')
    throw error
  }
}

function difference(a: Picture, b: Picture): string | undefined {
  if (a.width !== b.width || a.height !== b.height) {
    return `${a.width}×${a.height}, Pillow has ${b.width}×${b.height}`
  }
  let greatest = 0
  let sum = 0
  for (let at = 0; at < a.data.length; at++) {
    const distance = Math.abs(a.data[at]! - b.data[at]!)
    if (distance > greatest) greatest = distance
    sum += distance
  }
  if (greatest === 0) return undefined
  return `greatest ${greatest}, mean ${(sum / a.data.length).toFixed(3)}`
}

/** What became of a file, and how the two part, if they do. */
async function compare(
  bytes: Uint8Array,
  path: string,
  pillow: Pillow,
): Promise<{ outcome: Outcome; remark?: string | undefined }> {
  const mine = await ours(bytes, path)
  const theirs = await pillow.decode(path)
  if (typeof mine === 'string') {
    return typeof theirs === 'string'
      ? { outcome: 'refused' }
      : { outcome: 'only Pillow', remark: mine }
  }
  if (typeof theirs === 'string') return { outcome: 'only ours', remark: theirs }
  const remark = difference(mine, theirs)
  return { outcome: remark ? 'differ' : 'equal', remark }
}

function table(title: string, rows: ReadonlyMap<string, Row>, hasOthers: boolean): string {
  const total = emptyRow()
  for (const row of rows.values()) {
    for (const key of Object.keys(total) as (keyof Row)[]) total[key] += row[key]
  }
  const names: (keyof Row)[] = ['files', ...columns, ...(hasOthers ? ['others' as const] : [])]
  const lines = [[title, ...names.map((name) => (name === 'others' ? 'other files' : name))]]
  for (const [name, row] of [...rows, ['all', total] as const]) {
    lines.push([name, ...names.map((key) => String(row[key]))])
  }
  const widths = lines[0]!.map((_, at) => Math.max(...lines.map((line) => line[at]!.length)))
  const text = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`
  const rule = text(widths.map((width) => '-'.repeat(width)))
  return [text(lines[0]!), rule, ...lines.slice(1).map(text)].join('\n')
}

const pillow = new Pillow(values.python)
const { pillow: pillowVersion, libjpeg } = await pillow.line()
const byCorpus = new Map<string, Row>()
const byFormat = new Map<string, Row>()
const seen = new Set<string>()
for (const folder of positionals) {
  const corpus = emptyRow()
  byCorpus.set(basename(resolve(folder)).replace('+', '/'), corpus)
  for (const path of filesOf(resolve(folder))) {
    const bytes = readFileSync(path)
    const digest = createHash('sha1').update(bytes).digest('base64')
    if (seen.has(digest)) continue
    seen.add(digest)
    const format = pictureFormat(bytes)
    if (!format) {
      corpus.others++
      if (typeof (await ours(bytes, path)) !== 'string') throw new Error(`${path} has no format`)
      continue
    }
    const row = byFormat.get(format) ?? emptyRow()
    byFormat.set(format, row)
    const { outcome, remark } = await compare(bytes, path, pillow)
    for (const counted of [corpus, row]) {
      counted.files++
      counted[outcome]++
    }
    if (values.list && remark) stdout.write(`${outcome}\t${format}\t${path}\t${remark}\n`)
  }
}
pillow.close()

const ordered = new Map([...byFormat].sort(([, a], [, b]) => b.files - a.files))
const report = [
  `Pillow ${pillowVersion} (libjpeg-turbo ${libjpeg}), Node ${version.slice(1)}, ${new Date().toISOString().slice(0, 10)}.`,
  table('corpus', byCorpus, true),
  table('format', ordered, false),
].join('\n\n')
stdout.write(`${report}\n`)
if (values.record) {
  const marks = /(<!-- tables -->\n).*?(\n<!-- end of tables -->)/s
  const page = readFileSync(values.record, 'utf8')
  if (!marks.test(page)) throw new Error(`${values.record} has no marks for the tables`)
  writeFileSync(values.record, page.replace(marks, `$1\n${report}\n$2`))
}
