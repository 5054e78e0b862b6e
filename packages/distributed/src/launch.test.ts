import { expect, it } from 'vitest'
import { launchOf } from './launch.ts'

it('knows the launchers by what they set', () => {
  expect(launchOf({})).toBeUndefined()
  expect(launchOf({ OMPI_COMM_WORLD_RANK: '1', OMPI_COMM_WORLD_SIZE: '4' })).toMatchObject({
    rank: 1,
    size: 4,
    launcher: 'Open MPI',
  })
  expect(launchOf({ PMI_RANK: '0', PMI_SIZE: '2', MPI_LOCALNRANKS: '2' })).toEqual({
    rank: 0,
    size: 2,
    localSize: 2,
    launcher: 'MPICH',
  })
  expect(launchOf({ SLURM_PROCID: '3', SLURM_STEP_NUM_TASKS: '8' })).toMatchObject({ size: 8 })
})

it('takes one process, or the script of a batch job, for a process alone', () => {
  expect(launchOf({ OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '1' })).toBeUndefined()
  expect(launchOf({ SLURM_PROCID: '0', SLURM_NTASKS: '8' })).toBeUndefined()
})
