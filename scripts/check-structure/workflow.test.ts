// What the workflows say of the workspace, held to it: a check for every package, and no action by a name that can
// come to mean something else.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readMembers } from './workspace.ts'

const root = join(import.meta.dirname, '../..')
const folder = join(root, '.github/workflows')
const read = (name: string) => readFileSync(join(folder, name), 'utf8')

test('every package has a check of its own name', () => {
  const [, list = ''] = /\n {8}package: [^\n]*\n((?: {10}- \S+\n)+)/.exec(read('ci.yml')) ?? []
  const named = [...list.matchAll(/- (\S+)/g)].map(([, name]) => name)
  const members = readMembers(root).map((member) => member.folder)
  expect(named).toEqual(members.sort())
})

test.each(readdirSync(folder))(
  '%s pins every action by its hash, with the version beside it',
  (name) => {
    const actions = [...read(name).matchAll(/uses: (\S+)(.*)/g)]
    for (const [, action = '', comment] of actions.filter(
      ([, action]) => !action?.startsWith('./'),
    )) {
      expect(action).toMatch(/@[0-9a-f]{40}$/)
      expect(comment).toMatch(/^ # v\d+\.\d+\.\d+$/)
    }
  },
)

test.each(readdirSync(folder))('%s puts nothing that others choose into a shell', (name) => {
  const commands = [...read(name).matchAll(/\n\s*(?:- )?run: (.*(?:\n {10,}.*)*)/g)]
  for (const [, command] of commands) expect(command).not.toContain('${{')
})
