// The consumers' test as a whole: the packed packages in empty projects, with every tool that makes pages of them, two
// versions of TypeScript, and hosts with several policies. Tools come from the registry, so it needs a network, some
// minutes and 2 GB of disk. It writes what it found into docs/consumers.md: `npm run consumers`, or with names
// (`npm run consumers -- next esbuild`) only what contains them, which is printed and not written. `--folder DIR` keeps
// the projects there, so that the next call need not install them.

import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import type { Browser } from 'playwright'
import { missingChromium } from '../chromium.ts'
import { type Answer, ask, isolation, openChromium, POLICY, serve } from './browser.ts'
import { clientVersions, inLiteRt, inPlainTensorFlow, inTransformers } from './clients.ts'
import { entries, type Setting, settings, typeCheck } from './declarations.ts'
import { type Expected, expectedAnswer, readmes } from './in-node.ts'
import { inRuntime, runtimes, runtimeVersions } from './runtimes.ts'
import { type Shaken, type Size, sizes, treeShaken } from './sizes.ts'
import {
  consumerFolder,
  copyPages,
  installInto,
  packAll,
  remove,
  root,
  type Tarball,
} from './tarballs.ts'
import { type Made, type Tool, tools, toolVersions, versionOf } from './tools.ts'

const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { folder: { type: 'string' } },
})
const isWanted = (name: string) =>
  wanted.length === 0 || wanted.some((part) => name.toLowerCase().includes(part.toLowerCase()))
const say = (text: string) => process.stderr.write(`▸ ${text}\n`)

/** A row of the record. */
interface Row {
  what: string
  version: string
  /** 'works', or what is wrong. */
  outcome: string
  rest: string[]
}

const typescripts = { typescript5: 'npm:typescript@~5.9.0', typescript7: 'npm:typescript@^7.0.0' }

async function main(): Promise<void> {
  const browser = await openChromium()
  if (!browser) throw new Error(missingChromium())
  const { folder } = values
  const folders = folder
    ? ['bare', 'tools', 'runtimes'].map((name) => join(folder, name))
    : [
        await consumerFolder('bare'),
        await consumerFolder('tools'),
        await consumerFolder('runtimes'),
      ]
  try {
    const [bare, workshop, hall] = folders as [string, string, string]
    for (const place of folders) mkdirSync(place, { recursive: true })
    say('packing')
    const tarballs = await packAll(bare)
    let types: Row[] = []
    if (isWanted('typescript')) {
      say('installing the packages alone, with two versions of TypeScript')
      const others = { '@tensorflow/tfjs': '^4.22.0', '@types/node': '^24.0.0', ...typescripts }
      await installInto(bare, tarballs, others)
      types = declared(bare, tarballs)
    }
    let programs: Row[] = []
    let clients: Row[] = []
    const wantedRuntimes = runtimes.filter(({ name }) => isWanted(name))
    if (wantedRuntimes.length > 0 || isWanted('client')) {
      say('installing the packages with other runtimes and Transformers.js')
      const others = { '@tensorflow/tfjs': '^4.22.0', ...runtimeVersions, ...clientVersions }
      await installInto(hall, tarballs, others)
      await copyPages(hall)
      const expected = expectedAnswer(hall)
      programs = wantedRuntimes.flatMap((runtime) => {
        say(runtime.name)
        const version = versionOf(hall, runtime.package)
        return inRuntime(runtime, hall, tarballs, expected).map(([what, fault]) => ({
          what: `${runtime.name}: ${what}`,
          version,
          outcome: fault ?? 'works',
          rest: [],
        }))
      })
      if (isWanted('client')) clients = opened(hall)
    }
    say('installing the tools that make pages')
    await installInto(workshop, tarballs, toolVersions)
    await copyPages(workshop)
    const expected = expectedAnswer(workshop)
    const pages: Row[] = []
    for (const tool of tools.filter(({ name }) => isWanted(name))) {
      pages.push(await tried(tool, workshop, browser, expected))
    }
    const hosts = isWanted('host') ? await onHosts(workshop, browser, expected) : []
    const shaken = isWanted('size') ? treeShaken(workshop) : []
    const large = shaken.map(({ what, size, most }) => ({
      what,
      version: '',
      outcome:
        size.gzip <= most * 1000 ? 'works' : `${size.gzip} bytes after gzip, over ${most} kB`,
      rest: [],
    }))
    write(record({ programs, types, pages, hosts, shaken, clients }))
    const all = [...programs, ...types, ...pages, ...hosts, ...clients, ...large]
    const failed = all.filter(({ outcome }) => outcome !== 'works')
    for (const { what, outcome } of failed) say(`${what}: ${outcome}`)
    if (failed.length > 0) process.exitCode = 1
  } finally {
    await browser.close()
    if (!folder) for (const place of folders) await remove(place)
  }
}

/** Programs of others that open what ours write. */
function opened(folder: string): Row[] {
  const tried = (what: string, name: string, ask: () => [outcome: string, ...rest: string[]]) => {
    say(what)
    const version = versionOf(folder, name)
    try {
      const [outcome, ...rest] = ask()
      return { what, version, outcome, rest }
    } catch (error) {
      return { what, version, outcome: (error as Error).message, rest: [''] }
    }
  }
  return [
    tried('TensorFlow.js alone, `format: tfjs`', '@tensorflow/tfjs', () => {
      const worst = inPlainTensorFlow(folder)
      return [worst < 1e-4 ? 'works' : 'other logits', `logits within ${worst.toPrecision(2)}`]
    }),
    tried('Transformers.js, `format: transformers`', '@huggingface/transformers', () => {
      const answers = inTransformers(folder)
      const isSame = answers.every(({ ours, theirs }) => ours.join() === theirs.join())
      const worst = answers.map((answer) => `${answer.precision} ${answer.worst.toPrecision(2)}`)
      const outcome = isSame ? 'works' : `other classes: ${JSON.stringify(answers)}`
      return [outcome, `the same top five; probabilities within ${worst.join(', ')}`]
    }),
    tried('LiteRT.js, `format: tflite`', '@litertjs/core', () => {
      const answers = inLiteRt(folder)
      const worst = answers.map((answer) => `${answer.worst.toPrecision(2)} (${answer.precision})`)
      // int8 is multiplied as int8.
      const isSame = answers.every(
        (answer) => answer.worst < (answer.precision === 'int8' ? 0.05 : 1e-3),
      )
      return [isSame ? 'works' : 'other answers', `probabilities within ${worst.join(', ')}`]
    }),
  ]
}

/** Declarations and examples under each compiler and setting. */
function declared(folder: string, tarballs: readonly Tarball[]): Row[] {
  const blocks = readmes(folder, tarballs).flatMap((readme) => readme.blocks)
  const examples = Object.fromEntries(
    blocks.map(({ where, code }) => [
      `${where.replaceAll(/\W+/g, '-')}.ts`,
      `${code}\nexport {}\n`,
    ]),
  )
  return Object.keys(typescripts).flatMap((typescript) => {
    const row = (what: string, { ours, others }: { ours: string[]; others: number }): Row => ({
      what,
      version: versionOf(folder, typescript),
      outcome: ours.join('; ') || 'works',
      rest: [`${others}`],
    })
    const settled = (Object.keys(settings) as Setting[]).map((setting) => {
      say(`${typescript}: ${setting}`)
      const lines = entries(tarballs, setting).map(
        (name, at) => `export * as _${at} from '${name}'\n`,
      )
      const checked = typeCheck(folder, { 'entries.ts': lines.join('') }, { setting, typescript })
      return row(`declarations, strict, libraries checked: ${setting}`, checked)
    })
    const setting = 'nodenext, with the DOM'
    const options = { setting, typescript, libraries: false } as const
    return [...settled, row("the READMEs' examples, strict", typeCheck(folder, examples, options))]
  })
}

/** A tool's page, built and opened. */
async function tried(
  tool: Tool,
  folder: string,
  browser: Browser,
  expected: Expected,
): Promise<Row> {
  say(tool.name)
  const version = versionOf(folder, tool.package)
  let made: Made | undefined
  try {
    made = await tool.make(folder)
    const served = made.folder ? await serve(made.folder) : undefined
    const answer = await ask(browser, `${made.url ?? served!.url}${made.query ?? ''}`)
    served?.close()
    const size = made.folder && !made.isUnbundled ? sizes(made.folder) : undefined
    const rest = [tool.model, workers(answer, expected), threads(answer), ...kilobytes(size)]
    const outcome = judged(answer, expected, tool.workers)
    say(`${tool.name} ${version}: ${[outcome, ...rest].join(', ')}`)
    return { what: tool.name, version, outcome, rest }
  } catch (error) {
    const outcome = (error as Error).message
    return { what: tool.name, version, outcome, rest: [tool.model, '', '', '', ''] }
  } finally {
    made?.stop?.()
  }
}

const kilobytes = (size: Size | undefined) =>
  size ? [`${Math.round(size.bytes / 1e3)}`, `${Math.round(size.gzip / 1e3)}`] : ['', '']

const threads = ({ device = '' }: Answer) => /\d+ threads?/.exec(device)?.[0] ?? ''

const workers = ({ loaded }: Answer, expected: Expected) =>
  typeof loaded === 'number' && Math.abs(loaded - expected.loaded) < 1 ? 'yes' : 'no'

/** Whether a page said what the program says in Node. */
function judged(answer: Answer, expected: Expected, withWorkers = true): string {
  const { error, label, probability = 0, same, loaded } = answer
  if (error) return error
  if (label !== expected.label || Math.abs(probability - expected.probability) > 1e-3) {
    return `${label} ${probability}, in Node ${expected.label} ${expected.probability}`
  }
  if (!same) return 'two backends were started'
  if (withWorkers && workers(answer, expected) === 'no') return `loader workers: ${loaded}`
  return 'works'
}

/** One page, built by Vite 8, as several hosts serve it. */
async function onHosts(folder: string, browser: Browser, expected: Expected): Promise<Row[]> {
  const tool = tools.find(({ name }) => name === 'Vite 8, build')!
  const made = await tool.make(folder)
  const secured = (value: string) => ({ ...isolation, 'Content-Security-Policy': value })
  const open = `${POLICY}; worker-src 'self' blob:`
  const closed = "default-src 'self'"
  const hosts: [string, Record<string, string>, RegExp, string?][] = [
    ['isolated, no policy', isolation, /, [2-8] threads$/],
    ['isolated, policy with worker-src blob:', secured(open), /, [2-8] threads$/],
    ['isolated, policy without it', secured(POLICY), /, 1 thread \(\d did not start: .*worker-src/],
    ['not isolated', {}, /, 1 thread$/],
    ['not isolated, with a policy', { 'Content-Security-Policy': POLICY }, /, 1 thread$/],
    ['below a folder, `/project/`', isolation, /, [2-8] threads$/, '/project/'],
    [
      "policy without 'wasm-unsafe-eval'",
      secured(closed),
      /NoBackendError.*(unsafe-eval|WebAssembly)/,
    ],
  ]
  const rows: Row[] = []
  for (const [what, headers, device, base] of hosts) {
    say(`host: ${what}`)
    const served = await serve(made.folder!, headers, base)
    const answer = await ask(browser, served.url)
    served.close()
    const said = answer.error ?? answer.device ?? ''
    const isRefused = headers['Content-Security-Policy'] === closed
    const outcome = isRefused || !device.test(said) ? said : judged(answer, expected)
    const seconds = `${(answer.milliseconds / 1000).toFixed(1)} s`
    rows.push({
      what,
      version: '',
      outcome: isRefused && device.test(said) ? 'works' : outcome,
      rest: [isRefused ? `refused: ${said.split('\n').at(-1)?.trim()}` : said, seconds],
    })
  }
  return rows
}

interface Found {
  programs: Row[]
  types: Row[]
  pages: Row[]
  hosts: Row[]
  shaken: Shaken[]
  clients: Row[]
}

const line = (cells: readonly string[]) =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')).join(' | ')} |`

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function modelKilobytes(): string {
  const { size } = statSync(join(root, 'packages/cifar10/model.safetensors'))
  return Math.round(size / 1000).toLocaleString('en')
}

function record({ programs, types, pages, hosts, shaken, clients }: Found): string {
  const cells = ({ what, version, outcome, rest }: Row) => [what, version, outcome, ...rest]
  return `## Pages

Each classifies one picture by the bundled model and has two loader workers prepare four; every answer is that of the
same program in Node. Sizes are kilobytes of all scripts that the tool wrote, before and after gzip; the model is ${modelKilobytes()}.

${table(['tool', 'version', '', 'model', 'loader workers', 'threads', 'kB', 'gzip'], pages.map(cells))}

## Hosts

${table(
  ['headers', '', 'what runs', 'answer after'],
  hosts.map(({ what, outcome, rest }) => [what, outcome, ...rest]),
)}

## Sizes

What a page loads at first, of what esbuild keeps (minified kilobytes, then gzip), and the most that it may be.

${table(
  ['import', 'kB', 'gzip', 'at most'],
  shaken.map(({ what, size: { bytes, gzip }, most }) => [
    what,
    (bytes / 1e3).toFixed(1),
    (gzip / 1e3).toFixed(1),
    `${most}`,
  ]),
)}

## Programs

${table(
  ['runtime', 'version', ''],
  programs.map((row) => cells(row)),
)}

${table(
  ['client', 'version', '', 'beside ours'],
  clients.map((row) => cells(row)),
)}

${table(['types', 'TypeScript', 'ours', 'faults of others'], types.map(cells))}
`
}

/** The record, whole, below the text that a person wrote. */
function write(text: string): void {
  console.log(text)
  if (wanted.length > 0) return
  const path = join(root, 'docs/consumers.md')
  const mark = '<!-- what follows is written by `npm run consumers` -->'
  const [kept] = readFileSync(path, 'utf8').split(mark)
  const date = new Date().toISOString().slice(0, 10)
  writeFileSync(path, `${kept}${mark}\n\nMeasured on ${date}.\n\n${text}`)
}

await main()
