import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkStructure } from './command.ts'
import { append, makeWorkspace } from './fixture.ts'

test('prints what it checked and every violation, and says so by its exit code', async () => {
  const printed: string[] = []
  const print = (line: string) => printed.push(line)
  const root = makeWorkspace({ 'packages/core/src/index.ts': append("import '@alexnet/data'") })
  expect(await checkStructure(['--root', root, 'imports', 'manifests'], print)).toBe(1)
  expect(printed).toEqual([
    '✗ imports: 29 imports in 14 files of 7 packages',
    expect.stringMatching(/^ {4}packages\/core\/src\/index\.ts: imports @alexnet\/data, but core/),
    '✓ manifests: 8 dependencies between 7 packages',
    '1 violation',
  ])
  expect(await checkStructure(['--root', root, 'contents'], print)).toBe(0)
})

test('asks for a build, and for a check that exists', async () => {
  const root = makeWorkspace()
  rmSync(join(root, 'packages/data/dist'), { recursive: true })
  await expect(checkStructure(['--root', root])).rejects.toThrow('packages/data: not built; run')
  await expect(checkStructure(['--root', root, 'import'])).rejects.toThrow(
    'no check is called import',
  )
})
