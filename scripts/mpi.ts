// MPI for the tests of several ranks: which launchers there are, and how Debian's own packages are brought to a
// machine that has none. Run as a program (`node scripts/mpi.ts`), it installs Open MPI and MPICH if it can; where it
// cannot it says in one line which tests are skipped, why, and what would bring them. With REQUIRE_DEVICES set
// nothing is skipped: it fails.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import process from 'node:process'

/** A launcher and what it is told so that tests run anywhere: as root, with more ranks than processors. */
export interface Launcher {
  readonly name: 'Open MPI' | 'MPICH'
  readonly command: string
  readonly options: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

const launchers: readonly Launcher[] = [
  {
    name: 'Open MPI',
    command: 'mpirun.openmpi',
    options: ['--oversubscribe', '--bind-to', 'none'],
    env: { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' },
  },
  { name: 'MPICH', command: 'mpirun.mpich', options: [], env: {} },
]

const answers = ({ command, env }: Launcher) =>
  spawnSync(command, ['--version'], { env: { ...process.env, ...env } }).status === 0

/** The launchers that this machine has. */
export const findLaunchers = (): Launcher[] => launchers.filter(answers)

const packages = ['openmpi-bin', 'mpich']

/** Installs Debian's packages; returns why that could not be done, or undefined if it was. */
function install(): string | undefined {
  if (!existsSync('/etc/debian_version')) return 'this is no Debian'
  if (process.getuid?.() !== 0) return 'only root may install it'
  process.stderr.write(
    `▸ installing ${packages.join(' and ')} for the tests of several ranks (apt-get, once)\n`,
  )
  for (const command of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...packages],
  ]) {
    const { status, stderr } = spawnSync('apt-get', command, {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
    if (status !== 0) {
      return `apt-get ${command[0]} failed: ${stderr?.trim().split('\n').at(-1) ?? 'no apt-get'}`
    }
  }
  return undefined
}

if (process.argv[1] === import.meta.filename) {
  const why = findLaunchers().length === launchers.length ? undefined : install()
  const found = findLaunchers().map(({ name }) => name)
  const missing = launchers.filter(({ name }) => !found.includes(name)).map(({ name }) => name)
  if (missing.length > 0) {
    const skipped = process.env.REQUIRE_DEVICES
      ? 'cannot run, and REQUIRE_DEVICES skips none'
      : 'are skipped'
    process.stderr.write(
      `▸ tests of several ranks with ${missing.join(' and ')} ${skipped}: install it (Debian: apt install ${packages.join(' ')})${why ? ` (${why})` : ''}\n`,
    )
    if (process.env.REQUIRE_DEVICES) process.exitCode = 1
  }
  console.log(found.join())
}
