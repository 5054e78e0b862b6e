import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

it('the example of the README runs and prints what it should', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const example = /```ts\n(.*?)```/s.exec(readme)![1]!
  // In the package's own folder, where its own name resolves to the built package.
  const file = fileURLToPath(new URL(`../readme-example-${process.pid}.ts`, import.meta.url))
  writeFileSync(file, example)
  try {
    const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' })
    expect(stdout.trim().split('\n'), stderr).toEqual([
      'batch 0: 256×32×32×3, 786432 floats',
      'batch 1: 256×32×32×3, 786432 floats',
      'batch 2: 256×32×32×3, 786432 floats',
      'batch 3: 232×32×32×3, 712704 floats',
      'a circle in 3072 floats',
    ])
  } finally {
    rmSync(file)
  }
})
