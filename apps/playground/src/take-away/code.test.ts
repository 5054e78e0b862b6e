// The programs that the page hands out are those that the README and the guide have, whose blocks are run.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { codeForNode, codeForPage } from './code.ts'
import { textsFor } from './texts.ts'

const root = join(import.meta.dirname, '../../../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

it('is the README’s and the guide’s, but for the name of the file', () => {
  expect(read('packages/model/README.md')).toContain(`\`\`\`js\n${codeForNode('cifar10')}\`\`\``)
  const page = codeForPage('cifar10')
  expect(read('docs/guides/first-classifier-page.md')).toContain(`\`\`\`js\n${page}\`\`\``)
  expect(codeForNode('mine.safetensors')).toContain("openModel('mine.safetensors')")
})

it('speaks the first of the reader’s languages that it knows', () => {
  expect(textsFor(['fr-FR', 'zh-TW', 'en']).lang).toBe('zh-Hans')
  expect(textsFor(['en-GB', 'zh']).lang).toBe('en')
  expect(textsFor(['fr']).texts).toBe(textsFor(['en']).texts)
})
