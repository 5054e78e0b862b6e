// Whether a launcher (mpirun, mpiexec, srun) started this process as one of several, by the variables that it
// sets. Nothing is loaded to find out, so a process on its own pays nothing.

/** One of several processes, as the launcher numbers them. */
export interface Launch {
  readonly rank: number
  readonly size: number
  /** Processes on this host, where the launcher tells. */
  readonly localSize: number | undefined
  /** Whose launcher it is; 'slurm' starts the programs of any. */
  readonly launcher: 'Open MPI' | 'MPICH' | 'Slurm'
}

type Environment = Readonly<Record<string, string | undefined>>

/** The launch that the environment tells of; undefined for a process on its own. */
export function launchOf(environment: Environment = process.env): Launch | undefined {
  const { OMPI_COMM_WORLD_RANK, OMPI_COMM_WORLD_SIZE } = environment
  const { PMI_RANK, PMI_SIZE, MPI_LOCALNRANKS, OMPI_COMM_WORLD_LOCAL_SIZE } = environment
  const { SLURM_PROCID, SLURM_STEP_NUM_TASKS } = environment
  return (
    several('Open MPI', OMPI_COMM_WORLD_RANK, OMPI_COMM_WORLD_SIZE, OMPI_COMM_WORLD_LOCAL_SIZE) ??
    several('MPICH', PMI_RANK, PMI_SIZE, MPI_LOCALNRANKS) ??
    // A batch script, too, has SLURM_PROCID: only what srun starts has the number of its step's tasks.
    several('Slurm', SLURM_PROCID, SLURM_STEP_NUM_TASKS, undefined)
  )
}

function several(
  launcher: Launch['launcher'],
  rank: string | undefined,
  size: string | undefined,
  local: string | undefined,
): Launch | undefined {
  if (!rank || !size) return undefined
  const localSize = Number(local) || undefined
  const launch = { rank: Number(rank), size: Number(size), localSize, launcher }
  return Number.isInteger(launch.rank) && launch.size > 1 ? launch : undefined
}
