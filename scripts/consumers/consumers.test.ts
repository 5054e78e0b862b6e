// The quick share of the consumers' test: the packed packages in an empty folder, without a network. The READMEs'
// examples run as JavaScript, they and all declarations are type-checked, and a page built by Vite answers in
// Chromium as the program does in Node. `npm run consumers` asks every tool.

import { spawnSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { missingChromium } from '../chromium.ts'
import { ask, isolation, openChromium, POLICY, serve } from './browser.ts'
import { entries, type Setting, settings, typeCheck } from './declarations.ts'
import { expectedAnswer, readmes, runBlocks } from './in-node.ts'
import { consumerFolder, copyPages, packAll, remove, type Tarball, unpackInto } from './tarballs.ts'

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
    const outcomes = runBlocks(folder, tarballs)
    expect(outcomes.filter(({ fault }) => fault !== undefined)).toEqual([])
    expect(outcomes.length).toBeGreaterThan(15)
  })

  it.each(Object.keys(settings) as Setting[])('have declarations without faults: %s', (setting) => {
    const lines = entries(tarballs, setting).map(
      (name, at) => `export * as _${at} from '${name}'\n`,
    )
    expect(lines.length).toBeGreaterThan(4)
    expect(typeCheck(folder, { 'entries.ts': lines.join('') }, { setting }).ours).toEqual([])
  })

  it('type-check in the examples of their READMEs', () => {
    const blocks = readmes(folder, tarballs).flatMap((readme) => readme.blocks)
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

describe('a page', () => {
  it('built by Vite answers as Node does, with threads, and without where a policy forbids workers', async () => {
    await copyPages(folder)
    const expected = expectedAnswer(folder)
    const vite = join(folder, 'node_modules/vite/bin/vite.js')
    const build = ['build', '--logLevel', 'warn', '--outDir', 'dist', '--base', './']
    const { status, stderr } = spawnSync(process.execPath, [vite, ...build], {
      cwd: folder,
      encoding: 'utf8',
    })
    expect(status, stderr).toBe(0)
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
