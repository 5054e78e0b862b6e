import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

it('runs the example of the README', () => {
  const readme = readFileSync('README.md', 'utf8')
  const input = /```ts\n(.*?)```/s.exec(readme)![1]!
  const printed = execFileSync(process.execPath, ['--input-type=module-typescript'], {
    input,
    encoding: 'utf8',
  })
  expect(printed).toBe('classifier.6.bias float32 [ 3 ] [ 0.5, -1, 2 ]\n')
})
