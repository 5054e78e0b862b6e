import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { apiReport, doorsOf, sharedNames } from './api-report.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'api-report-'))
})
afterEach(() => rmSync(root, { recursive: true }))

function write(folder: string, exports: object, files: Record<string, string>): string {
  const all = { 'package.json': JSON.stringify({ name: `@alexnet/${folder}`, exports }), ...files }
  for (const [file, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, folder, file)), { recursive: true })
    writeFileSync(join(root, folder, file), text)
  }
  return join(root, folder)
}

const files = {
  'dist/index.d.ts': `// A comment.
export * from './shapes.ts';
export { type Hidden as Shown, load } from './more.ts';
export { useBackend } from '@alexnet/backend';
`,
  'dist/browser.d.ts': `export { load } from './browser-load.ts';
export { area } from './shapes.ts';
`,
  'dist/browser-load.d.ts': 'export declare function load(file: File): void;\n',
  'dist/shapes.d.ts': `/** Shapes. */
export interface Shape {
    /** Of the side, see "https://example.org". */
    readonly side: number;
}
export declare function area(shape: Shape): number;
export declare function area(side: number, unit?: 'px // not a comment'): number;
export declare class Square implements Shape {
    #private;
    readonly side: number;
}
declare const inner: unique symbol;
`,
  'dist/more.d.ts': `interface Hidden {
    a: 1;
}
declare function load(path: string): void;
export { type Hidden, load };
`,
}

const doors = {
  '.': {
    browser: { types: './dist/browser.d.ts', default: './dist/browser.js' },
    types: './dist/index.d.ts',
    default: './dist/index.js',
  },
}

test('tells every name of every entry point, without comments, in order', () => {
  const folder = write('data', doors, files)
  const [node, browser] = doorsOf(folder)
  expect(node!.names.map(({ name }) => name)).toEqual([
    ...['Shape', 'Shown', 'Square', 'area', 'load', 'useBackend'],
  ])
  expect(browser!.names.map(({ name }) => name)).toEqual(['area', 'load'])
  expect(apiReport(folder)).toBe(`# What a program can import

Made by \`node scripts/api-report/main.ts\` from the built declarations: not to be edited.

## @alexnet/data

6 names.

\`\`\`ts
export interface Shape {
    readonly side: number;
}
export interface Hidden {
    a: 1;
}
export declare class Square implements Shape {
    readonly side: number;
}
export declare function area(shape: Shape): number;
export declare function area(side: number, unit?: 'px // not a comment'): number;
export declare function load(path: string): void;
export { useBackend } from '@alexnet/backend'
\`\`\`

## @alexnet/data (browser)

2 names; Node's, without Shape, Shown, Square, useBackend.

\`\`\`ts
export declare function load(file: File): void;
\`\`\`
`)
})

test('finds names that two packages declare, but not those that backends have in common', () => {
  const door = { '.': { types: './index.d.ts', default: './index.js' } }
  const declared = { 'index.d.ts': 'export declare function warmUp(): void;\n' }
  const again = { 'index.d.ts': "export { warmUp } from '@alexnet/backend-cpu';\n" }
  const backends = [write('backend-cpu', door, declared), write('backend-webgl', door, declared)]
  expect(sharedNames([...backends, write('model', door, again)])).toEqual(new Map())
  const data = write('data', door, declared)
  expect([...sharedNames([...backends, data]).keys()]).toEqual(['warmUp'])
})

test('asks for a build', () => {
  const folder = write('data', doors, {})
  expect(() => apiReport(folder)).toThrow(/index\.d\.ts: is missing; build the package first/)
})
