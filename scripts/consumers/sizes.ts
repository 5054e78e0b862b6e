// How much of the packages ends up in a page.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

export interface Size {
  bytes: number
  gzip: number
}

/** All scripts below a folder. */
export function sizes(folder: string): Size {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return sizeOf(
    folder,
    names.filter((file) => /[.]m?js$/.test(file)),
  )
}

/** A script and those that it imports; what it loads later, by `import()`, is not among them. */
function sizeAtFirst(folder: string, entry: string): Size {
  const found = new Set([entry])
  for (const file of found) {
    const code = readFileSync(join(folder, file), 'utf8')
    for (const [, name] of code.matchAll(/(?:\bfrom|\bimport)"[.][/]([^"]+)"/g)) found.add(name!)
  }
  return sizeOf(folder, [...found])
}

function sizeOf(folder: string, names: readonly string[]): Size {
  const files = names.map((file) => readFileSync(join(folder, file)))
  return {
    bytes: files.reduce((sum, { length }) => sum + length, 0),
    gzip: files.reduce((sum, file) => sum + gzipSync(file).length, 0),
  }
}

/** Programs, and the most that they may come to, in kilobytes after gzip. */
export const budget: Record<string, { code: string; gzip: number; alias?: boolean }> = {
  '`readSafetensors`': {
    code: "import { readSafetensors } from '@alexnet/weights'\nconsole.log(readSafetensors)",
    gzip: 4,
  },
  '`readCheckpoint`': {
    code: "import { readCheckpoint } from '@alexnet/weights'\nconsole.log(readCheckpoint)",
    gzip: 28,
  },
  '`randomHorizontalFlip`': {
    code: "import { randomHorizontalFlip } from '@alexnet/data/transforms'\nconsole.log(randomHorizontalFlip)",
    gzip: 2,
  },
  '`resize`, `centerCrop`, `compose`': {
    code: "import { centerCrop, compose, resize } from '@alexnet/data/transforms'\nconsole.log(compose([resize(32), centerCrop(32)]))",
    gzip: 12,
  },
  '`decodePicture`': {
    code: "import { decodePicture } from '@alexnet/data'\nconsole.log(decodePicture)",
    gzip: 25,
  },
  '`cifar10`': {
    code: "import { cifar10 } from '@alexnet/cifar10'\nconsole.log(cifar10)",
    gzip: 2,
  },
  'importing every package, using nothing': {
    code: "import '@alexnet/core'\nimport '@alexnet/data'\nimport '@alexnet/weights'\nimport '@alexnet/train'",
    gzip: 0.1,
  },
  'classify a picture, `@tensorflow/tfjs`': { code: "import './classify.js'", gzip: 400 },
  'classify a picture, `tfjs-core`, `-layers`, `-backend-cpu` by an alias': {
    code: "import './classify.js'",
    gzip: 320,
    alias: true,
  },
}

/** A program's size, and the most that it may be after gzip, in kilobytes. */
export interface Shaken {
  what: string
  size: Size
  most: number
}

/** What a page of each program loads at first, as a bundler keeps it, minified. */
export function treeShaken(folder: string): Shaken[] {
  const parts = ['core', 'layers', 'backend-cpu'].map(
    (part) => `export * from '@tensorflow/tfjs-${part}'\n`,
  )
  writeFileSync(join(folder, 'tfjs-parts.js'), parts.join(''))
  // The parts are the umbrella's dependencies, which pnpm puts beside it alone.
  const besideTfjs = join(realpathSync(join(folder, 'node_modules/@tensorflow/tfjs')), '../..')
  return Object.entries(budget).map(([what, { code, alias, gzip: most }]) => {
    const used = code.replace(
      "import './classify.js'",
      "import { classify } from './classify.js'\nconsole.log(classify)",
    )
    writeFileSync(join(folder, 'shaken.js'), used)
    const out = join(folder, 'shaken')
    bundleByEsbuild(folder, {
      entryPoints: ['shaken.js'],
      outdir: out,
      alias: alias ? { '@tensorflow/tfjs': './tfjs-parts.js' } : {},
      nodePaths: [besideTfjs],
    })
    const size = sizeAtFirst(out, 'shaken.js')
    if (existsSync(out)) rmSync(out, { recursive: true })
    return { what, size, most }
  })
}

/** Bundles by the esbuild that a folder has installed, by its own interface: its command may be no script. */
export function bundleByEsbuild(folder: string, options: object): void {
  const settled = { bundle: true, minify: true, format: 'esm', splitting: true, logLevel: 'error' }
  const program = `import { build } from 'esbuild'
    await build(${JSON.stringify({ ...settled, ...options })})`
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', program],
    { cwd: folder, encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`esbuild: ${stderr.trim().split('\n').slice(0, 8).join(' ')}`)
}
