// The command on several ranks, under the machine's MPI launchers. For tests only.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const env = {
  ...process.env,
  NO_COLOR: '1',
  OMPI_ALLOW_RUN_AS_ROOT: '1',
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
}

/** A launcher and what it is told so that tests run anywhere: as root, with more ranks than processors. */
export interface Launcher {
  readonly name: string
  readonly command: string
  readonly options: readonly string[]
}

export const launchers: readonly Launcher[] = [
  {
    name: 'Open MPI',
    command: 'mpirun.openmpi',
    options: ['--oversubscribe', '--bind-to', 'none'],
  },
  { name: 'MPICH', command: 'mpirun.mpich', options: [] },
]

/** Whether the machine has a launcher; without it its tests are skipped, or fail with REQUIRE_DEVICES. */
export function has({ command, name }: Launcher): boolean {
  if (spawnSync(command, ['--version'], { env }).status === 0) return true
  if (process.env.REQUIRE_DEVICES) {
    throw new Error(`REQUIRE_DEVICES: ${name} is missing (Debian: apt install openmpi-bin mpich)`)
  }
  return false
}

export interface Outcome {
  code: number | null
  stdout: string
  stderr: string
}

export interface LaunchOptions {
  cwd: string
  /** Default 2. */
  ranks?: number
  /** Sees what was printed so far. */
  onOutput?: (stdout: string, child: ChildProcess) => void
}

/** Runs `alexnet` on several ranks. */
export function launch(
  { command, options }: Launcher,
  args: readonly string[],
  { cwd, ranks = 2, onOutput }: LaunchOptions,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const arguments_ = [...options, '-n', String(ranks), process.execPath, main, ...args]
    const child = spawn(command, arguments_, { env, cwd })
    const outcome: Outcome = { code: null, stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      outcome.stdout += text
      onOutput?.(outcome.stdout, child)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      outcome.stderr += text
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ ...outcome, code }))
  })
}

/** The process of a rank that runs with this argument, by what the launchers set (Linux). */
export function processOf(rank: number, argument: string): number | undefined {
  return readdirSync('/proc')
    .map(Number)
    .find((pid) => {
      if (!pid) return false
      try {
        const [args, own] = ['cmdline', 'environ'].map((name) =>
          readFileSync(`/proc/${pid}/${name}`, 'utf8').split('\0'),
        )
        const isRank =
          own!.includes(`OMPI_COMM_WORLD_RANK=${rank}`) || own!.includes(`PMI_RANK=${rank}`)
        return isRank && args!.includes(argument)
      } catch {
        return false // ended meanwhile
      }
    })
}
