// Every product of the network by itself: GFLOP/s of forward, dX and dW, layer by layer.

import { withData } from '../data-folder.ts'
import { choosePeers, type OpenEngine, openEngines, versionsOf } from '../engine-choice.ts'
import { BenchError, messageOf } from '../errors.ts'
import { interleave } from '../interleave.ts'
import { expectedValues, type KernelCase, kernelCases, kernelFlops } from '../kernel-cases.ts'
import { describeMachine } from '../machine.ts'
import { measurePeak } from '../peak.ts'
import { type Absent, compare, type Report, type Result } from '../results.ts'
import type { Progress, Settings } from '../settings.ts'
import { quantile, relativeDifference } from '../statistics.ts'
import type { Outcome } from './timed.ts'

/** The sums are up to a hundred thousand numbers long. */
export const KERNEL_TOLERANCE = 1e-4

export async function kernelsTask(settings: Settings, progress: Progress): Promise<Outcome> {
  const { variant, size, threads, rounds, layers } = settings
  const { chosen, absent: unable } = choosePeers(settings, 'kernels')
  const machine = describeMachine()
  const options = { variant, size, content: 'network' } as const
  progress('reading the network')
  const network = await withData(options, async (_, prepared) => prepared.network)
  progress('measuring the peak')
  const peak = await measurePeak(threads)
  const reports: Report[] = []
  const versions: Record<string, string> = {}
  for (const batch of settings.batches) {
    const cases = kernelCases(network, batch).filter(({ layer }) => layer.includes(layers ?? ''))
    if (cases.length === 0) throw new BenchError(`no layer's name contains '${layers}'`)
    const absent: Absent[] = [...unable]
    const common = { engine: '', task: 'kernels', data: '', variant, batch, threads } as const
    const open = await openEngines(settings, common, chosen, absent, progress)
    try {
      Object.assign(versions, versionsOf(open))
      const results: Result[] = []
      for (const kernel of cases) {
        progress(`batch ${batch}: ${kernel.layer} ${kernel.pass}`)
        const timed = await timeKernel(kernel, open, rounds, absent)
        compare(timed, () => kernelFlops(kernel) / batch, peak)
        results.push(...timed)
      }
      reports.push({
        task: 'kernels',
        batch,
        threads,
        variant,
        size: network.inputSize,
        rounds,
        compared: `each result at 12 places with sums in float64; largest difference relative to the largest, at most ${KERNEL_TOLERANCE}.`,
        machine,
        peak,
        results,
        absent,
      })
    } finally {
      await Promise.all(open.map(({ process }) => process.stop()))
    }
  }
  return { reports, versions }
}

async function timeKernel(
  kernel: KernelCase,
  open: readonly OpenEngine[],
  rounds: number,
  absent: Absent[],
): Promise<Result[]> {
  const { layer, pass, batch } = kernel
  const expected = expectedValues(kernel)
  const right: { engine: OpenEngine; difference: number }[] = []
  for (const engine of open) {
    const who = { engine: engine.entry.name, build: engine.info.build, layer, pass }
    try {
      const found = await engine.process.ask('kernel', kernel)
      if (!Array.isArray(found)) {
        absent.push({ ...who, why: 'skipped', reason: found.cannot })
        continue
      }
      const difference = relativeDifference(found, expected)
      if (difference <= KERNEL_TOLERANCE) right.push({ engine, difference })
      else
        absent.push({ ...who, why: 'wrong', reason: `differs by ${difference.toExponential(1)}` })
    } catch (error) {
      absent.push({ ...who, why: 'failed', reason: messageOf(error) })
    }
  }
  const timings = await interleave(
    right.map(({ engine }) => ({
      name: engine.entry.name,
      engine: engine.process,
      pictures: batch,
    })),
    { rounds },
  )
  return right.flatMap(({ engine, difference }, i) => {
    const { entry, info } = engine
    const { samples, failure } = timings[i]!
    if (failure !== undefined) {
      absent.push({ engine: entry.name, layer, pass, why: 'failed', reason: failure })
      return []
    }
    return {
      engine: entry.name,
      build: info.build,
      msPerPicture: quantile(samples, 0.5),
      samples,
      threads: info.threads,
      difference,
      layer,
      pass,
    }
  })
}
