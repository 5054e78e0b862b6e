// Programs of a consumer in Node: the READMEs' examples, and the answers that pages are held to.

import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { blocksOf } from './readme-blocks.ts'
import type { Tarball } from './tarballs.ts'

export interface Outcome {
  where: string
  /** What is wrong, or undefined. */
  fault: string | undefined
}

/**
 * Runs every block of every README from a consumer's folder, as JavaScript where it is none of TypeScript's.
 */
export function runBlocks(
  folder: string,
  tarballs: readonly Tarball[],
  { command = [process.execPath] }: { command?: readonly string[] } = {},
): Outcome[] {
  return readmes(folder, tarballs)
    .flatMap(({ blocks }) => blocks)
    .filter(({ runs }) => runs)
    .map(({ where, code, language, prints }) => {
      // A type annotation makes a program TypeScript's; the others are pasted into JavaScript.
      const ending =
        language === 'ts' && /^import type|^export function .*\): /m.test(code) ? 'ts' : 'mjs'
      const { status, stdout, stderr } = runProgram(folder, `block.${ending}`, code, command)
      const failed = status !== 0 ? `exit code ${status}: ${lastLines(stderr)}` : undefined
      const differs = prints !== undefined && stdout !== prints ? `printed ${stdout}` : undefined
      return { where, fault: failed ?? differs }
    })
}

/** The READMEs as they are in the tarballs, with their blocks. */
export function readmes(folder: string, tarballs: readonly Tarball[]) {
  return tarballs.map(({ name }) => ({
    name,
    blocks: blocksOf(join(folder, 'node_modules', name, 'README.md'), `${name}/README.md`),
  }))
}

/** Runs a program from a consumer's folder. @param command what runs it, this Node by default */
export function runProgram(
  folder: string,
  name: string,
  code: string,
  [runtime, ...options]: readonly string[] = [process.execPath],
) {
  const file = join(folder, name)
  writeFileSync(file, code)
  try {
    return spawnSync(runtime!, [...options, file], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 120_000,
    })
  } finally {
    rmSync(file)
  }
}

const lastLines = (text: string) => text.trim().split('\n').slice(-12).join('\n')

/** What a page has to answer, as the same program says in Node; and the picture that it is asked of. */
export interface Expected {
  label: string
  probability: number
  loaded: number
  device: string
}

/** Draws a picture into `picture.png` of the folder, which has `classify.js`, and classifies it in Node. */
export function expectedAnswer(folder: string): Expected {
  const code = `
    import { writeFileSync } from 'node:fs'
    import { encodePng, shapes } from '@alexnet/data'
    import { classify } from './classify.js'
    const dataset = shapes({ count: 10, size: 48, seed: 4 })
    writeFileSync('picture.png', await encodePng(await dataset.load(3)))
    console.log(JSON.stringify(await classify({ picture: 'picture.png' })))`
  const { stdout, stderr, status } = runProgram(folder, 'expected.mjs', code)
  if (status !== 0) throw new Error(`the program fails in Node: ${lastLines(stderr)}`)
  return JSON.parse(stdout) as Expected
}
