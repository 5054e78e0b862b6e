// The command `npm run -s conformance`: holds every backend that this machine can run, in Node and in
// Chromium, to the kernel suites and to PyTorch's networks, and says how far off each was.

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { recordOf } from './conformance/record.ts'
import {
  alignColumns,
  type BackendResult,
  formatError,
  summarize,
  type TestRecord,
} from './conformance/results.ts'

import { suiteSection, withSuiteSection } from './tfjs-suite/section.ts'
import { isFaulty, tfjsSuite } from './tfjs-suite.ts'

const root = join(import.meta.dirname, '../../..')

const help = `Usage: npm run -s conformance -- [options]

Holds every backend to float64 loops and to PyTorch's numbers, in Node and in
Chromium, and prints how far off each was. Ends with 1 if a test failed.

Options:
  --backend TEXT    only backends whose name contains this
  --runtime NAME    only 'node' or only 'chromium'
  --thorough        AlexNet's own shapes and every random one on GPU backends
                    too: for a machine with a GPU, hours without one
  --tfjs            the tests that TensorFlow.js publishes instead, on our
                    backends and beside them on its own
  --only PATTERN    of those, the tests whose names match
  --share N/COUNT   of those, one share, kept for --resume
  --resume          of those, takes what earlier runs have left
  --json            one JSON object on stdout
  --record          writes docs/conformance.md
  --help            this text

Examples:
  npm run -s conformance
  npm run -s conformance -- --runtime chromium --backend webgl
  npm run -s conformance -- --json > conformance.json

Chromium is found in the usual places or by CHROMIUM_PATH.
`

class UsageError extends Error {}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        backend: { type: 'string' },
        runtime: { type: 'string' },
        thorough: { type: 'boolean', default: false },
        tfjs: { type: 'boolean', default: false },
        only: { type: 'string' },
        share: { type: 'string' },
        resume: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        record: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.runtime !== undefined && !['node', 'chromium'].includes(values.runtime)) {
      throw new UsageError(`--runtime is 'node' or 'chromium', not '${values.runtime}'`)
    }
    const ofTfjs = values.only !== undefined || values.share !== undefined || values.resume
    if (!values.tfjs && ofTfjs) {
      throw new UsageError('--only, --share and --resume are for --tfjs')
    }
    if (
      values.record &&
      (values.only !== undefined || values.backend !== undefined || values.runtime !== undefined)
    ) {
      throw new UsageError(
        '--record writes a table of everything: leave out --backend, --runtime and --only',
      )
    }
    return values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

interface Run {
  tests: TestRecord[]
  errors: string[]
}

/** Runs the suites by one of the workspace's two test configurations. */
async function runSuites(
  config: string,
  environment: NodeJS.ProcessEnv,
  name?: string,
): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
  const results = join(folder, 'results.json')
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const reporter = join(import.meta.dirname, 'conformance/collect.ts')
  // By folder: soak and its like are no questions of right or wrong numbers.
  const only = ['src/kernels', 'src/pytorch']
  const filter = name === undefined ? [] : ['--testNamePattern', `^\\S*${escaped(name)}`]
  const command = [vitest, 'run', '--root', '.', '--config', join(root, config), ...only]
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      const child = spawn(process.execPath, [...command, '--reporter', reporter, ...filter], {
        cwd: join(root, 'packages/conformance'),
        env: { ...process.env, ...environment, CONFORMANCE_RESULTS: results },
        // Its own output is progress, and the results are in the file.
        stdio: ['ignore', process.stderr, 'inherit'],
      })
      const end = () => child.kill()
      process.once('SIGTERM', end)
      child.on('error', reject).on('exit', (status) => {
        process.off('SIGTERM', end)
        resolve(status)
      })
    })
    try {
      return JSON.parse(readFileSync(results, 'utf8')) as Run
    } catch {
      return { tests: [], errors: [`vitest ended with ${code} and left no results`] }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A name as part of a pattern. */
const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Where Chromium is, by the workspace's own script. */
async function chromium(): Promise<{ file?: string; flags: string[]; reason: string }> {
  const {
    chromiumFlags: flags,
    findChromium,
    missingChromium,
  } = (await import(pathToFileURL(join(root, 'scripts/chromium.ts')).href)) as {
    chromiumFlags: string[]
    findChromium(): string | undefined
    missingChromium(): string
  }
  const file = findChromium()
  return file === undefined ? { flags, reason: missingChromium() } : { file, flags, reason: '' }
}

async function main(): Promise<void> {
  const asked = options()
  if (asked.help) {
    process.stdout.write(help)
    return
  }
  if (asked.tfjs) {
    const { file, flags, reason } = await chromium()
    if (file === undefined && asked.runtime !== 'node') {
      process.stderr.write(`▸ Chromium is left out: ${reason}\n`)
    }
    const rows = await tfjsSuite(asked, file === undefined ? undefined : { file, flags })
    if (rows.length === 0) throw new UsageError('no backend of that name and runtime')
    if (rows.some(isFaulty)) process.exitCode = 1
    return
  }
  const environment = { CONFORMANCE: asked.thorough ? 'thorough' : 'wide' }
  const backends: BackendResult[] = []
  const errors: string[] = []
  const absent: { runtime: string; reason: string }[] = []
  const versions = [`Node ${process.versions.node}`]
  const take = (run: Run, runtime: string) => {
    const wanted = asked.backend ?? ''
    const tests = run.tests.filter(({ backend }) => backend.includes(wanted))
    backends.push(...summarize(tests, runtime))
    errors.push(...run.errors)
  }
  if (asked.runtime !== 'chromium') {
    process.stderr.write('▸ in Node\n')
    for (const where of [{}, { DEVICE_TESTS: '1' }]) {
      take(await runSuites('vitest.config.ts', { ...environment, ...where }, asked.backend), 'Node')
    }
  }
  if (asked.runtime !== 'node') {
    const { file, reason } = await chromium()
    if (file === undefined) {
      absent.push({ runtime: 'Chromium', reason })
      process.stderr.write(`▸ Chromium is left out: ${reason}\n`)
    } else {
      process.stderr.write(`▸ in Chromium (${file})\n`)
      take(await runSuites('vitest.browser.config.ts', environment, asked.backend), 'Chromium')
      versions.push('Chromium with software drivers')
    }
  }
  if (backends.length === 0 && errors.length === 0) {
    errors.push(
      asked.backend === undefined ? 'no test ran' : `no backend's name contains '${asked.backend}'`,
    )
  }
  if (asked.json) process.stdout.write(`${JSON.stringify({ backends, absent, errors }, null, 2)}\n`)
  else print(backends, errors)
  if (asked.record) {
    const machine = `${cpus()[0]?.model.trim() ?? process.arch}, ${availableParallelism()} cores`
    const date = new Date().toISOString().slice(0, 10)
    const file = join(root, 'docs/conformance.md')
    // The section on tfjs's own tests is written by another run.
    const section = suiteSection(readFileSync(file, 'utf8'))
    const own = recordOf(backends, { date, machine, versions, absent })
    writeFileSync(`${file}.tmp`, withSuiteSection(own, section))
    renameSync(`${file}.tmp`, file)
    process.stderr.write(`▸ wrote ${relative(root, file)}\n`)
  }
  if (errors.length > 0 || backends.some(({ failed }) => failed > 0)) process.exitCode = 1
}

function print(backends: readonly BackendResult[], errors: readonly string[]): void {
  if (backends.length > 0) {
    const rows = backends.map(({ name, runtime, passed, failed, skipped, worstRelativeError }) => [
      ...[name, runtime, String(passed), String(failed), String(skipped)],
      formatError(worstRelativeError),
    ])
    const head = ['backend', 'runtime', 'passed', 'failed', 'skipped', 'worst error']
    console.log(alignColumns([head, ...rows]))
  }
  for (const { name, runtime, failures } of backends) {
    for (const { operation, test, message } of failures) {
      console.log(`\n${name} in ${runtime}, ${operation}, ${test}:\n  ${message}`)
    }
  }
  for (const error of errors) console.log(`\n${error}`)
}

try {
  await main()
} catch (error) {
  const wrong = error instanceof UsageError
  process.stderr.write(`conformance: ${error instanceof Error ? error.message : error}\n`)
  process.exitCode = wrong ? 2 : 1
}
