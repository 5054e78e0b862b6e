// MPI for the tests of several ranks: which launchers there are, and how Debian's own packages are brought to a
// machine that has none. Run as a program (`node scripts/mpi.ts`), it installs Open MPI and MPICH if it can; where it
// cannot it says in one line which tests are skipped, why, and what would bring them. With REQUIRE_DEVICES set
// nothing is skipped: it fails.

import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { installPackages } from './debian.ts'

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

if (process.argv[1] === import.meta.filename) {
  const why =
    findLaunchers().length === launchers.length
      ? undefined
      : installPackages(packages, 'the tests of several ranks')
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
