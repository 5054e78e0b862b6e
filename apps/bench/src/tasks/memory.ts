// Peak resident memory of training steps, one engine after the other. Each makes its own weights and
// pictures, so that no file's copy is counted, and has made none of them before its first step.

import { withData } from '../data-folder.ts'
import { choosePeers, openEngines, versionsOf } from '../engine-choice.ts'
import type { EngineSettings } from '../engines/session.ts'
import { messageOf } from '../errors.ts'
import { describeMachine } from '../machine.ts'
import type { Absent, Report, Result } from '../results.ts'
import type { Progress, Settings } from '../settings.ts'
import type { Outcome } from './timed.ts'

export async function memoryTask(settings: Settings, progress: Progress): Promise<Outcome> {
  const { variant, size, threads, rounds } = settings
  const { chosen, absent: unable } = choosePeers(settings, 'memory')
  const machine = describeMachine()
  const options = { variant, size, content: 'network' } as const
  progress('reading the network')
  return withData(options, async (data, { network }) => {
    const reports: Report[] = []
    const versions: Record<string, string> = {}
    for (const batch of settings.batches) {
      const absent: Absent[] = [...unable]
      const results: Result[] = []
      const common: EngineSettings = {
        engine: '',
        task: 'memory',
        data,
        variant,
        batch,
        threads,
        size,
      }
      const open = await openEngines(settings, common, chosen, absent, progress)
      Object.assign(versions, versionsOf(open))
      for (const { entry, process, info } of open) {
        progress(`batch ${batch}: ${rounds} training steps of ${entry.name}`)
        try {
          const runtimeBytes = await process.residentBytes()
          const samples = [(await process.ask('run', 1)) / batch]
          const first = await process.peakResidentBytes()
          const reset = await process.resetPeak()
          for (let step = 1; step < rounds; step++) {
            samples.push((await process.ask('run', 1)) / batch)
          }
          const peakBytes = await process.peakResidentBytes()
          if (peakBytes === undefined)
            throw new Error('this system has no /proc to read memory from')
          results.push({
            engine: entry.name,
            build: info.build,
            msPerPicture: samples.at(-1)!,
            samples,
            threads: info.threads,
            difference: null,
            peakBytes,
            lifetimePeakBytes: Math.max(first ?? 0, peakBytes),
            runtimeBytes,
            ...(!reset && {
              note: 'the peak includes making the network: this system cannot reset it',
            }),
          })
        } catch (error) {
          absent.push({ engine: entry.name, why: 'failed', reason: messageOf(error) })
        } finally {
          await process.stop()
        }
      }
      reports.push({
        task: 'memory',
        batch,
        threads,
        variant,
        size: network.inputSize,
        rounds,
        compared:
          'nothing here; `bench train` compares the numbers. MiB of VmHWM in /proc: in the steps after the first, in all, and of the runtime before it has a network.',
        machine,
        results,
        absent,
      })
    }
    return { reports, versions }
  })
}
