// The one door to the workspace: brings Node and pnpm where the machine has none that fit, installs,
// builds what changed, then runs a task. Plain JavaScript without dependencies, so that it runs on a
// bare Node 20; everything it brings lies in the ignored folder `.tools`. When nothing changed since
// the last call it goes straight to the task: no network, no package manager.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { byName, run } from './run.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const tools = join(root, '.tools')
const NODE_VERSION = '24'
const PNPM_VERSION = '12'
const OLDEST_NODE = [22, 18] // strips types by itself, as scripts and README examples need

const say = (text) => process.stderr.write(`▸ ${text}\n`)

function nodeIsNewEnough(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])
}

/** The version that `command --version` prints, or '' where there is no such command. */
function versionOf(command) {
  const [program, args, how] = byName(command, ['--version'])
  const result = spawnSync(program, args, { ...how, encoding: 'utf8' })
  return result.status === 0 ? result.stdout.trim() : ''
}

/** An environment whose PATH starts with a fitting Node and pnpm; installs them once if need be. */
async function environment() {
  const bin = join(tools, 'node_modules', '.bin')
  const env = {
    ...process.env,
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
    PATH: [bin, join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
  }
  const missing = []
  if (!nodeIsNewEnough(process.version) && !existsSync(join(bin, 'node'))) {
    missing.push(`node@${NODE_VERSION}`)
  }
  const pnpmHere = existsSync(join(bin, 'pnpm'))
  if (!pnpmHere && !versionOf('pnpm').startsWith(`${PNPM_VERSION}.`)) {
    missing.push(`pnpm@${PNPM_VERSION}`)
  }
  if (missing.length > 0) {
    say(`installing ${missing.join(' and ')} into .tools (once)`)
    mkdirSync(tools, { recursive: true })
    if (!existsSync(join(tools, 'package.json'))) {
      writeFileSync(join(tools, 'package.json'), '{ "private": true }\n')
    }
    await run('npm', [
      'install',
      '--prefix',
      tools,
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
      ...missing,
    ])
  }
  return env
}

/** Files below a folder, without build output and dependencies. */
function* filesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (['node_modules', 'dist', '.turbo', 'coverage'].includes(entry.name)) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesBelow(path)
    else yield path
  }
}

const packageFolders = () =>
  ['packages', 'apps'].flatMap((group) =>
    readdirSync(join(root, group), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(root, group, entry.name)),
  )

/** A fingerprint of what decides the install: the lock file and every manifest. */
function manifestFingerprint() {
  const hash = createHash('sha256').update(process.platform + process.arch)
  const manifests = packageFolders().map((folder) => join(folder, 'package.json'))
  for (const name of ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml']) {
    manifests.push(join(root, name))
  }
  for (const path of manifests.filter(existsSync)) hash.update(readFileSync(path))
  return hash.digest('hex')
}

/** A fingerprint of what decides the build: name, size and time of every source file. */
function sourceFingerprint(installed) {
  const hash = createHash('sha256').update(installed)
  // The page draws what the experiments measured.
  const folders = [...packageFolders(), join(root, 'docs/experiments')]
  for (const folder of folders.filter(existsSync)) {
    hash.update(String(existsSync(join(folder, 'dist'))))
    for (const path of filesBelow(folder)) {
      const { size, mtimeMs } = statSync(path)
      hash.update(`${path} ${size} ${mtimeMs}\n`)
    }
  }
  return hash.digest('hex')
}

const stampPath = join(root, 'node_modules', '.workspace-stamp.json')
function readStamp() {
  try {
    return JSON.parse(readFileSync(stampPath, 'utf8'))
  } catch {
    return {}
  }
}

/** Installs and builds what changed since the last call. */
async function setUp(env) {
  const stamp = readStamp()
  const installed = manifestFingerprint()
  if (stamp.installed !== installed) {
    say('installing dependencies (pnpm install)')
    const frozen = process.env.CI ? ['--frozen-lockfile'] : []
    await run(
      'pnpm',
      ['--dir', root, 'install', '--prefer-offline', '--loglevel=warn', ...frozen],
      {
        env,
      },
    )
  }
  if (stamp.built !== sourceFingerprint(installed)) {
    say('building packages (turbo run build)')
    await run(
      'turbo',
      ['run', 'build', '--cwd', root, '--output-logs=errors-only', '--ui=stream'],
      {
        env,
        quiet: true,
      },
    )
    writeFileSync(stampPath, JSON.stringify({ installed, built: sourceFingerprint(installed) }))
  }
}

/** Runs a script of the workspace with Node. */
const script = (path) => (env, args) => run('node', [join(root, path), ...args], { env })
const alexnet = script('apps/cli/dist/main.js')
const checkStructure = script('scripts/check-structure/main.ts')

/**
 * Chromium's file in $CHROMIUM_PATH, part of what the tests' cached results depend on; '' without it. Brings it
 * where that is possible; with REQUIRE_DEVICES its absence ends everything.
 */
function withChromium(env) {
  return { ...env, CHROMIUM_PATH: printedBy('scripts/chromium.ts', env) }
}

/** The MPI launchers that there are in $MPI_LAUNCHERS, for the same reason; brought and required likewise. */
function withMpi(env) {
  return { ...env, MPI_LAUNCHERS: printedBy('scripts/mpi.ts', env) }
}

/** Tests start some thousand processes of Node; those after the first of their kind take its compiled code from here. */
const withCompiledCode = (env) => ({
  ...env,
  NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'node'),
})

/** What a script of the workspace prints; where it fails, everything ends. */
function printedBy(path, env) {
  const [node, args, how] = byName('node', [join(root, path)])
  const stdio = ['ignore', 'pipe', 'inherit']
  const { status, stdout } = spawnSync(node, args, { ...how, env, encoding: 'utf8', stdio })
  if (status !== 0) process.exit(1)
  return stdout?.trim() ?? ''
}

/** How turbo runs tests of every package: what is new is printed, a package at a time. */
const everyPackage = (...tasks) => [
  ...['run', ...tasks, '--cwd', root, '--ui=stream', '--continue'],
  ...['--output-logs=new-only', '--log-order=grouped'],
]

async function test(bare) {
  const env = withCompiledCode(withMpi(withChromium(bare)))
  say('checking format and lint (biome)')
  await run('biome', ['check', root], { env })
  say('checking types and running the tests of every package and of the scripts (turbo)')
  const tasks = everyPackage('types', 'test', 'test:scripts')
  await run('turbo', [...tasks, '--concurrency=2'], { env })
  say('checking the structure of the workspace')
  await checkStructure(env, [])
  await testOnDevices(env)
  say('all checks passed')
}

async function testOnDevices(env) {
  say('running the tests on WebGL and WebGPU, in Node and in Chromium (turbo)')
  const playground = '@alexnet/playground'
  const task = [...everyPackage('test:device'), '--concurrency=2']
  await run('turbo', [...task, `--filter=!${playground}`], { env })
  // Alone: two browsers at a time wait for pages to answer, and train in them.
  say("running the web page's tests in Chromium (turbo)")
  await run('turbo', [...task, `--filter=${playground}`], { env })
}

const playground = script('apps/playground/scripts/serve.ts')

/** Builds and tests a package anew at each change; the page, and the site, show themselves instead. */
async function develop(env, [folder = 'playground']) {
  const own = ['playground', 'site'].includes(folder) ? ['dev'] : ['build', 'test']
  await run('turbo', ['watch', ...own, '--cwd', root, `--filter=@alexnet/${folder}`], { env })
}

/** The demo, then the page: served where someone sits at a terminal, named where nobody does. */
async function start(env, args) {
  const demo = args.filter((argument) => argument !== '--no-serve')
  await alexnet(env, ['demo', ...demo])
  if (demo.includes('--help') || demo.includes('-h')) return
  if (process.stdout.isTTY && demo.length === args.length) await playground(env, [])
  else say('see and train AlexNet in a web page: npm run playground')
}

const tasks = {
  start: {
    about: 'train a small AlexNet on drawn pictures, use it, serve the web page (--no-serve: not)',
    run: start,
  },
  alexnet: { about: 'the command alexnet (arguments after --)', run: alexnet },
  playground: {
    about: 'the web page: classify, look inside, train, compare backends',
    run: playground,
  },
  dev: {
    about: 'the page as it is written; dev NAME builds and tests a package at each change',
    run: develop,
  },
  bench: {
    about: 'ours beside the peers (arguments after --)',
    run: script('apps/bench/dist/main.js'),
  },
  experiments: {
    about: "the paper's claims repeated on CIFAR-10 (arguments after --)",
    run: script('scripts/experiments/main.ts'),
  },
  test: { about: 'lint, types, structure and every test of every package', run: test },
  'test:device': {
    about: 'only the tests on WebGL and WebGPU (software drivers do), in Node and Chromium',
    run: (env) => testOnDevices(withCompiledCode(withChromium(env))),
  },
  consumers: {
    about: 'the packed packages with every bundler, in empty projects (needs a network)',
    run: (env, args) => script('scripts/consumers/main.ts')(withChromium(env), args),
  },
  'check-structure': { about: 'who imports whom, package shapes, changesets', run: checkStructure },
  conformance: {
    about: 'every backend beside float64 loops and PyTorch, in Node and Chromium (--help)',
    run: script('packages/conformance/scripts/conformance.ts'),
  },
  'compare:pytorch': {
    about: "every layer's output and every gradient beside PyTorch's, live",
    run: script('packages/conformance/scripts/compare-pytorch.ts'),
  },
}

const [name = '', ...args] = process.argv.slice(2)
const task = tasks[name]
if (!task) {
  const width = Math.max(...Object.keys(tasks).map((key) => key.length))
  process.stderr.write('usage: node scripts/workspace.js TASK [arguments]\n\n')
  for (const [key, { about }] of Object.entries(tasks)) {
    process.stderr.write(`  ${key.padEnd(width)}  ${about}\n`)
  }
  process.exit(2)
}
const env = await environment()
await setUp(env)
await task.run(env, args)
