// Checks that a published package has what its users and its next contributor look for: a README, tests,
// and a manifest that says what is exported, with types, what it is, and under which licence.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { wrongFields } from './published-fields.ts'
import type { CheckResult, Violation } from './violation.ts'
import { filesBelow, type Member } from './workspace.ts'

const LICENCE = 'Apache-2.0'

/** Checks the folder and the manifest of every published member. */
export function checkContents(root: string, members: readonly Member[]): CheckResult {
  const published = members.filter((member) => member.published)
  return {
    checked: `README, tests and manifest of ${published.length} published packages`,
    violations: published.flatMap((member) => [
      ...checkReadme(root, member),
      ...checkTests(root, member),
      ...checkFields(member),
      ...checkSharedFields(member),
      ...checkExports(member),
    ]),
  }
}

function checkReadme(root: string, { path, manifest }: Member): Violation[] {
  const file = `${path}/README.md`
  if (!existsSync(join(root, file))) {
    return [
      {
        file,
        what: 'is missing',
        remedy: 'write it: what the package is, how to install it, a complete example',
      },
    ]
  }
  const text = readFileSync(join(root, file), 'utf8')
  const violations: Violation[] = []
  if (!manifest.name || !text.includes(manifest.name)) {
    violations.push({
      file,
      what: `does not name ${manifest.name}`,
      remedy: `show how to install it: npm install ${manifest.name}`,
    })
  }
  if (!/^```(ts|sh)\n/m.test(text)) {
    violations.push({
      file,
      what: 'shows no example',
      remedy: 'add a complete one in a ```ts block (```sh for a command)',
    })
  }
  return violations
}

function checkTests(root: string, { path }: Member): Violation[] {
  const tests = filesBelow(join(root, path, 'src')).filter((file) => /[.]test[.]tsx?$/.test(file))
  if (tests.length > 0) return []
  return [
    { file: `${path}/src`, what: 'has no test', remedy: 'add x.test.ts beside the x.ts it tests' },
  ]
}

function checkFields({ path, manifest }: Member): Violation[] {
  const file = `${path}/package.json`
  const missing = (what: string, remedy: string): Violation => ({ file, what, remedy })
  return [
    ...(manifest.type === 'module' ? [] : [missing('is not ESM', 'set "type": "module"')]),
    ...(manifest.license === LICENCE
      ? []
      : [missing('has no licence', `set "license": "${LICENCE}"`)]),
    ...(manifest.description
      ? []
      : [missing('has no description', 'say in one line what it does')]),
    ...(manifest.engines?.node
      ? []
      : [missing('does not say which Node it needs', 'set "engines": { "node": … }')]),
    ...(manifest.files?.length
      ? []
      : [missing('publishes the whole folder', 'list what to publish in "files"')]),
  ]
}

function checkSharedFields(member: Member): Violation[] {
  const wrong = wrongFields(member)
  if (wrong.length === 0) return []
  return [
    {
      file: `${member.path}/package.json`,
      what: `differs from what every published package says (${wrong.join(', ')})`,
      remedy: 'run `pnpm check-structure --write`',
    },
  ]
}

/** Types, then code; a condition in front of both, such as `browser`, has types and code of its own. */
function hasTypesInFront(target: unknown): boolean {
  if (typeof target !== 'object' || target === null) return false
  const conditions = Object.entries(target)
  const types = conditions.findIndex(([condition]) => condition === 'types')
  if (types < 0 || types === conditions.length - 1) return false
  return conditions.slice(0, types).every(([, inner]) => hasTypesInFront(inner))
}

/** Every entry under `exports` names its types first and its code after. */
function checkExports({ path, manifest }: Member): Violation[] {
  const file = `${path}/package.json`
  const { exports } = manifest
  if (typeof exports !== 'object' || exports === null || !('.' in exports)) {
    return [
      {
        file,
        what: 'exports nothing',
        remedy: 'set "exports": { ".": { "types": …, "default": … } }',
      },
    ]
  }
  return Object.entries(exports).flatMap(([entry, target]) => {
    if (/[.](json|safetensors)$/.test(entry)) return [] // a file to be read, no code
    if (hasTypesInFront(target)) return []
    return [
      {
        file,
        what: `exports "${entry}" without types in front`,
        remedy: `write "${entry}": { "types": …, "default": … }`,
      },
    ]
  })
}
