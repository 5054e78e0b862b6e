// Programs of a consumer in Node: the examples of READMEs and guides, and the answers that pages are held to.

import { spawnSync } from 'node:child_process'
import { globSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Block, blocksOf } from './readme-blocks.ts'
import { root, type Tarball } from './tarballs.ts'

export interface Outcome {
  where: string
  /** What is wrong, or undefined. */
  fault: string | undefined
}

/** Runs every block of files from a consumer's folder, as JavaScript where it is none of TypeScript's. */
export function runBlocks(
  folder: string,
  files: readonly Documented[],
  { command = [process.execPath] }: { command?: readonly string[] } = {},
): Outcome[] {
  return files
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

/** A file of documentation and its blocks. */
export interface Documented {
  name: string
  blocks: Block[]
}

/** The READMEs as they are in the tarballs. */
export function readmes(folder: string, tarballs: readonly Tarball[]): Documented[] {
  return tarballs.map(({ name }) => ({
    name,
    blocks: blocksOf(join(folder, 'node_modules', name, 'README.md'), `${name}/README.md`),
  }))
}

/** The guides. Those in Chinese have the same programs, with other comments. */
export function guides(): Documented[] {
  const paths = globSync('docs/{guides,zh/guides,.}/*.md', { cwd: root }).sort()
  return paths.map((name) => ({ name, blocks: blocksOf(join(root, name), name) }))
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
