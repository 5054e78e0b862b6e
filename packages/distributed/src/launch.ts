// Whether a launcher (mpirun, mpiexec, srun) started this process as one of several, by the variables that it
// sets. Nothing is loaded to find out, so a process on its own pays nothing.

/** One of several processes, as the launcher numbers them. */
export interface Launch {
  readonly rank: number
  readonly size: number
  /** Whose launcher it is; 'slurm' starts the programs of any. */
  readonly launcher: 'Open MPI' | 'MPICH' | 'Slurm'
}

type Environment = Readonly<Record<string, string | undefined>>

/** The launch that the environment tells of; undefined for a process on its own. */
export function launchOf(environment: Environment = process.env): Launch | undefined {
  const { OMPI_COMM_WORLD_RANK, OMPI_COMM_WORLD_SIZE } = environment
  const { PMI_RANK, PMI_SIZE, SLURM_PROCID, SLURM_STEP_NUM_TASKS, SLURM_NTASKS } = environment
  return (
    several('Open MPI', OMPI_COMM_WORLD_RANK, OMPI_COMM_WORLD_SIZE) ??
    several('MPICH', PMI_RANK, PMI_SIZE) ??
    // A batch script, too, has SLURM_PROCID: only what srun starts has the number of its step's tasks.
    several('Slurm', SLURM_PROCID, SLURM_STEP_NUM_TASKS ?? undefined, SLURM_NTASKS)
  )
}

function several(
  launcher: Launch['launcher'],
  rank: string | undefined,
  size: string | undefined,
  atMost: string | undefined = size,
): Launch | undefined {
  if (!rank || !size || !atMost) return undefined
  const launch = { rank: Number(rank), size: Number(size), launcher }
  return Number.isInteger(launch.rank) && launch.size > 1 ? launch : undefined
}
