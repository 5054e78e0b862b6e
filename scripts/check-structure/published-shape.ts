// Checks each published package as its users will get it: packed by pnpm, with workspace versions filled
// in, then read by publint (do entry points exist, in the format they claim?) and by are-the-types-wrong
// (do types resolve to the same module as the code, under Node's ESM rules and a bundler's?). Packages
// are ESM only, so the resolutions of CommonJS and of old TypeScript are left out.

import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { filterProblems, problemKindInfo } from '@arethetypeswrong/core/problems'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { byName } from '../run.js'
import type { CheckResult, Violation } from './violation.ts'
import type { Member } from './workspace.ts'

const run = promisify(execFile)

/**
 * Packs and checks every published member; they must have been built.
 *
 * @throws Error when pnpm cannot be run
 */
export async function checkPublishedShape(
  root: string,
  members: readonly Member[],
): Promise<CheckResult> {
  const published = members.filter((member) => member.published)
  const folder = await mkdtemp(join(tmpdir(), 'check-structure-'))
  try {
    const violations: Violation[] = []
    for (const member of published) violations.push(...(await checkMember(root, member, folder)))
    return { checked: `${published.length} published packages, packed`, violations }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function checkMember(root: string, member: Member, folder: string): Promise<Violation[]> {
  const { tarball, files } = await pack(join(root, member.path), folder)
  const file = `${member.path}/package.json`
  return [
    ...checkFiles(file, files),
    ...(await checkWithPublint(file, tarball)),
    ...(await checkTypes(file, tarball)),
  ]
}

async function pack(path: string, folder: string) {
  const [program, args, how] = byName('pnpm', ['pack', '--json', '--pack-destination', folder])
  const { stdout } = await run(program, args, { ...how, cwd: path, maxBuffer: 1 << 26 })
  const { filename, files } = JSON.parse(stdout) as { filename: string; files: { path: string }[] }
  return { tarball: new Uint8Array(await readFile(filename)), files: files.map(({ path }) => path) }
}

/** A package carries its licence and README, and no tests. */
function checkFiles(file: string, files: readonly string[]): Violation[] {
  const absent = ['LICENSE', 'README.md'].filter((name) => !files.includes(name))
  const tests = files.filter((name) => /[.]test[.]|^dist\/testing[/.]/.test(name))
  const maps = files.filter((name) => name.endsWith('.map'))
  return [
    ...absent.map((name) => ({
      file,
      what: `is published without ${name}`,
      remedy: `see that ${name} lies in the package or, for the licence, at the root`,
    })),
    ...maps.slice(0, 1).map((name) => ({
      file,
      what: `is published with the map ${name}, whose sources are not`,
      remedy: 'leave maps out in "files"',
    })),
    ...tests.map((name) => ({
      file,
      what: `is published with the test ${name}`,
      remedy: 'exclude tests in tsconfig.build.json and build from an empty dist',
    })),
  ]
}

async function checkWithPublint(
  file: string,
  tarball: Uint8Array<ArrayBuffer>,
): Promise<Violation[]> {
  const { messages, pkg } = await publint({ pack: { tarball: tarball.buffer }, level: 'warning' })
  return messages.map((message) => ({
    file,
    what: `publint: ${formatMessage(message, pkg, { color: false }) ?? message.code}`,
    remedy: `see https://publint.dev/rules#${message.code.toLowerCase()}`,
  }))
}

async function checkTypes(file: string, tarball: Uint8Array): Promise<Violation[]> {
  // A model's file is exported for bundlers, and has no types.
  const options = { excludeEntrypoints: [/[.]safetensors$/] }
  const analysis = await checkPackage(createPackageFromTarballData(tarball), options)
  if (!analysis.types) {
    return [{ file, what: 'is published without types', remedy: 'name them in "exports"' }]
  }
  const problems = (['node16-esm', 'bundler'] as const).flatMap((resolutionKind) =>
    filterProblems(analysis, { resolutionKind }).map((problem) => ({
      what: `are-the-types-wrong: ${problemKindInfo[problem.kind].shortDescription} (${
        'entrypoint' in problem ? `"${problem.entrypoint}", ` : ''
      }${resolutionKind})`,
      remedy: problemKindInfo[problem.kind].docsUrl,
    })),
  )
  return problems.map(({ what, remedy }) => ({ file, what, remedy: `see ${remedy}` }))
}
