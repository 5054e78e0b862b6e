// Writes docs/api: what each published package exports, from what is built. `pnpm check-structure api` compares.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readMembers } from '../check-structure/workspace.ts'
import { apiReport } from './api-report.ts'

const root = resolve(import.meta.dirname, '..', '..')
mkdirSync(join(root, 'docs/api'), { recursive: true })
for (const { group, folder, path, published } of readMembers(root)) {
  if (group !== 'packages' || !published) continue
  writeFileSync(join(root, 'docs/api', `${folder}.md`), apiReport(join(root, path)))
  console.log(`docs/api/${folder}.md`)
}
