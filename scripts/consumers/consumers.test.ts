// The quick share of the consumers' test: the packed packages in an empty folder, without a network. The READMEs'
// examples run as JavaScript, they and all declarations are type-checked, pages get no more than their budgets, a page
// built by Vite answers in Chromium as the program does in Node, and TensorFlow.js and LiteRT.js open what was written for
// them. `npm run consumers` asks every tool.

import { spawnSync } from 'node:child_process'
import { copyFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { missingChromium } from '../chromium.ts'
import { ask, isolation, openChromium, POLICY, serve } from './browser.ts'
import { inLiteRt, inPlainTensorFlow } from './clients.ts'
import { entries, type Setting, settings, typeCheck } from './declarations.ts'
import { runExamples } from './examples.ts'
import { expectedAnswer, guides, readmes, runBlocks } from './in-node.ts'
import { treeShaken } from './sizes.ts'
import { consumerFolder, copyPages, packAll, remove, type Tarball, unpackInto } from './tarballs.ts'

// Each runs many programs, one after the other, beside other packages' tests.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 })

let folder: string
let tarballs: Tarball[]
beforeAll(async () => {
  folder = await consumerFolder('quick')
  tarballs = await packAll(folder)
  await unpackInto(folder, tarballs)
})
afterAll(() => remove(folder))

describe('the packed packages', () => {
  it('run every example of their READMEs', () => {
    const outcomes = runBlocks(folder, readmes(folder, tarballs))
    expect(outcomes.filter(({ fault }) => fault !== undefined)).toEqual([])
    expect(outcomes.length).toBeGreaterThan(15)
  })

  it('run every example of the guides', () => {
    const english = guides().filter(({ name }) => !/\bzh\b/.test(name))
    const outcomes = runBlocks(folder, english)
    expect(outcomes.filter(({ fault }) => fault !== undefined)).toEqual([])
    expect(outcomes.length).toBeGreaterThan(7)
  })

  it.each(Object.keys(settings) as Setting[])('have declarations without faults: %s', (setting) => {
    const lines = entries(tarballs, setting).map(
      (name, at) => `export * as _${at} from '${name}'\n`,
    )
    expect(lines.length).toBeGreaterThan(4)
    expect(typeCheck(folder, { 'entries.ts': lines.join('') }, { setting }).ours).toEqual([])
  })

  it('type-check in the examples of their READMEs and of the guides', () => {
    const blocks = [...readmes(folder, tarballs), ...guides()].flatMap((file) => file.blocks)
    const files = Object.fromEntries(
      blocks.map(({ where, code }) => [
        `${where.replaceAll(/\W+/g, '-')}.ts`,
        `${code}\nexport {}\n`,
      ]),
    )
    const setting = 'nodenext, with the DOM'
    expect(typeCheck(folder, files, { setting, libraries: false }).ours).toEqual([])
  })
})

describe('the examples', () => {
  it('run and print what they are there for', () => {
    const faults = runExamples(folder)
    expect(Object.values(faults).filter((fault) => fault !== undefined)).toEqual([])
    expect(Object.keys(faults).length).toBeGreaterThan(6)
  })

  it('have less than forty lines', () => {
    const files = readdirSync(join(folder, 'examples'), { recursive: true, encoding: 'utf8' })
    for (const file of files.filter((name) => /[.](mjs|js|html)$/.test(name))) {
      const lines = readFileSync(join(folder, 'examples', file), 'utf8')
        .trim()
        .split('\n')
      expect(lines.length, file).toBeLessThan(40)
    }
  })

  it('classify in a page what a person chooses', async () => {
    const page = buildByVite(join(folder, 'examples/page'))
    const browser = await openChromium()
    if (!browser) return console.log(`not opened: ${missingChromium()}`)
    const served = await serve(page)
    try {
      const tab = await browser.newPage()
      await tab.goto(served.url)
      await tab.setInputFiles('#file', join(folder, 'drawn/one/0.png'))
      await expect
        .poll(() => tab.textContent('#answer'), { timeout: 30_000 })
        .toMatch(/^\w+ \d.* %\n/)
    } finally {
      served.close()
      await browser.close()
    }
  })
})

describe('what ours write', () => {
  it('opens in TensorFlow.js alone, where no layer of ours is known', () => {
    expect(inPlainTensorFlow(folder)).toBeLessThan(1e-4)
  })

  it('opens in LiteRT.js', () => {
    const [whole, half, quarter] = inLiteRt(folder)
    expect(whole!.worst).toBeLessThan(1e-5)
    expect(half!.worst).toBeLessThan(1e-3)
    expect(quarter!.worst).toBeLessThan(5e-2)
  })
})

describe('a page', () => {
  it('gets no more of the packages than it asks for', async () => {
    await copyPages(folder)
    for (const { what, size, most } of treeShaken(folder)) {
      expect(size.gzip / 1000, what).toBeLessThan(most)
    }
  })

  it('built by Vite answers as Node does, with threads, and without where a policy forbids workers', async () => {
    await copyPages(folder)
    const expected = expectedAnswer(folder)
    buildByVite(folder)
    copyFileSync(join(folder, 'picture.png'), join(folder, 'dist/picture.png'))
    const browser = await openChromium()
    if (!browser) return console.log(`not opened: ${missingChromium()}`)
    try {
      for (const [headers, device] of [
        [isolation, /, [2-8] threads$/],
        [
          { ...isolation, 'Content-Security-Policy': POLICY },
          /, 1 thread \(\d did not start: .*worker-src blob:/,
        ],
      ] as const) {
        const served = await serve(join(folder, 'dist'), headers)
        const answer = await ask(browser, served.url)
        served.close()
        expect(answer).toMatchObject({ label: expected.label, same: true })
        expect(answer.probability).toBeCloseTo(expected.probability, 4)
        expect(answer.loaded).toBeCloseTo(expected.loaded, 0)
        expect(answer.device).toMatch(device)
        expect(answer.milliseconds).toBeLessThan(9000)
      }
    } finally {
      await browser.close()
    }
  })
})

/** A page's folder as Vite builds it; where it comes out. */
function buildByVite(place: string): string {
  const vite = join(folder, 'node_modules/vite/bin/vite.js')
  const build = ['build', '--logLevel', 'warn', '--outDir', 'dist', '--base', './']
  const options = { cwd: place, encoding: 'utf8' } as const
  const { status, stderr } = spawnSync(process.execPath, [vite, ...build], options)
  expect(status, stderr).toBe(0)
  return join(place, 'dist')
}
