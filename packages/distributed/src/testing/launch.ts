// Runs programs under the machine's MPI launchers. For tests only.

import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** A launcher and what it is told so that tests run anywhere: as root, with more ranks than processors. */
export const launchers = [
  {
    name: 'Open MPI',
    command: 'mpirun.openmpi',
    options: ['--oversubscribe', '--bind-to', 'none'],
    rank: 'OMPI_COMM_WORLD_RANK',
  },
  { name: 'MPICH', command: 'mpirun.mpich', options: [], rank: 'PMI_RANK' },
] as const

export type Launcher = (typeof launchers)[number]

const env = {
  ...process.env,
  OMPI_ALLOW_RUN_AS_ROOT: '1',
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
}

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
  seconds: number
}

/** Runs a program of this folder on so many ranks. */
export function launch(
  { command, options }: Launcher,
  ranks: number,
  program: string,
  ...args: string[]
): Promise<Outcome> {
  const file = fileURLToPath(new URL(program, import.meta.url))
  const start = performance.now()
  const all = [...options, '-n', String(ranks), process.execPath, file, ...args]
  return new Promise((resolve, reject) => {
    const child = spawn(command, all, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', (code) =>
      resolve({ code, stdout, stderr, seconds: (performance.now() - start) / 1000 }),
    )
  })
}
