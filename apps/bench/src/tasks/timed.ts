// Inference and training: start every engine on the same data, compare its numbers, time those that are
// right in turn.

import { DIFFERENT_PICTURES, type Prepared, type PrepareOptions } from '../data.ts'
import { withData } from '../data-folder.ts'
import { choosePeers, type OpenEngine, openEngines, versionsOf } from '../engine-choice.ts'
import type { Engine } from '../engine-process.ts'
import type { EngineInfo, EngineSettings, Gradients, WeightFormat } from '../engines/session.ts'
import { messageOf } from '../errors.ts'
import { interleave } from '../interleave.ts'
import { describeMachine } from '../machine.ts'
import { inferenceFlops, trainingFlops } from '../network.ts'
import { measurePeak } from '../peak.ts'
import { type Absent, compare, type Report, type Result } from '../results.ts'
import type { Progress, Settings } from '../settings.ts'
import { quantile, relativeDifference } from '../statistics.ts'

/** Most that float32 sums in another order, Winograd's transforms included, may differ by. */
export const TOLERANCE = 1e-3
/** Most that logits may differ by when the fully connected weights have been rounded. */
const ROUNDED_TOLERANCE: Record<WeightFormat, number> = { int8: 0.05, float16: 2e-3 }

/** What an engine with these settings may differ by. */
export const toleranceOf = ({ weights }: EngineSettings) =>
  weights ? ROUNDED_TOLERANCE[weights] : TOLERANCE

export interface Outcome {
  reports: Report[]
  versions: Record<string, string>
}

/** One report a batch size. */
export async function timedTask(
  task: 'infer' | 'train',
  settings: Settings,
  progress: Progress,
): Promise<Outcome> {
  const { variant, size, threads, rounds } = settings
  const { chosen, absent: unable } = choosePeers(settings, task)
  const machine = describeMachine()
  progress('making weights, pictures and expected numbers')
  const options: PrepareOptions = {
    variant,
    content: task === 'infer' ? 'expected' : 'tensors',
    size,
  }
  return withData(options, async (data, prepared) => {
    progress('measuring the peak')
    const peak = await measurePeak(threads)
    const { network } = prepared
    const flops = task === 'infer' ? inferenceFlops(network) : trainingFlops(network)
    const reports: Report[] = []
    const versions: Record<string, string> = {}
    for (const batch of settings.batches) {
      const absent: Absent[] = [...unable]
      const common: EngineSettings = {
        engine: '',
        task,
        data,
        variant,
        batch,
        threads,
        size,
      }
      const open = await openEngines(settings, common, chosen, absent, progress)
      try {
        Object.assign(versions, versionsOf(open))
        const checked = await (task === 'infer'
          ? checkOutputs(open, prepared, absent, progress)
          : checkGradients(open, batch, absent, progress))
        const results = await timeRight(checked.right, { rounds, batch, absent, progress })
        compare(results, ({ note }) => (note ? undefined : flops), peak)
        reports.push({
          task,
          batch,
          threads,
          variant,
          size: network.inputSize,
          rounds,
          compared: checked.compared,
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
  })
}

/** An engine that is judged, and timed if it is right. */
export interface Candidate {
  name: string
  engine: Engine
  info: EngineInfo
  /** Largest difference that counts as right; default TOLERANCE. */
  tolerance?: number
}

/** One whose numbers are right; `difference` is null where there was nothing to compare with. */
export interface Right extends Candidate {
  difference: number | null
}

interface Check {
  right: Right[]
  compared: string
}

const candidate = ({ entry, process, info }: OpenEngine): Candidate => ({
  name: entry.name,
  engine: process,
  info,
})

export const comparedOutputs = `all logits of the batch (${DIFFERENT_PICTURES} different pictures, repeated) with those of TensorFlow.js in plain JavaScript; largest difference relative to the largest logit, at most ${TOLERANCE} (int8 weights ${ROUNDED_TOLERANCE.int8}, float16 ${ROUNDED_TOLERANCE.float16}).`

async function checkOutputs(
  open: readonly OpenEngine[],
  { expected, network }: Prepared,
  absent: Absent[],
  progress: Progress,
): Promise<Check> {
  const right: Right[] = []
  for (const engine of open) {
    progress(`checking ${engine.entry.name}`)
    const tolerance = toleranceOf(engine.settings)
    await judge({ ...candidate(engine), tolerance }, absent, right, async () => {
      const logits = decodeFloats(await engine.process.ask('output', null))
      return outputDifference(logits, expected, engine.settings.batch, network.classes)
    })
  }
  return { right, compared: comparedOutputs }
}

/** NaN where the number of logits is wrong. */
export function outputDifference(
  logits: ArrayLike<number>,
  expected: readonly number[],
  batch: number,
  classes: number,
): number {
  if (logits.length !== batch * classes) return Number.NaN
  return relativeDifference(logits, expected)
}

async function checkGradients(
  open: readonly OpenEngine[],
  batch: number,
  absent: Absent[],
  progress: Progress,
): Promise<Check> {
  const judges = open.filter(({ info }) => info.note === undefined)
  const judging =
    judges.find(({ entry }) => entry.name === 'pytorch') ??
    judges.find(({ entry }) => entry.name === 'tfjs-cpu')
  const right: Right[] = []
  const expected: Gradients[] = []
  const different = Math.min(batch, DIFFERENT_PICTURES)
  for (let picture = 0; judging && picture < different; picture++) {
    progress(`asking ${judging.entry.name} for gradients`)
    expected.push(await judging.process.ask('gradients', picture))
  }
  for (const engine of open) {
    if (!judging || engine === judging || engine.info.note !== undefined) {
      right.push({ ...candidate(engine), difference: null })
      continue
    }
    progress(`checking ${engine.entry.name}`)
    await judge(candidate(engine), absent, right, () => leastDifference(engine, expected))
  }
  return {
    right,
    compared: judging
      ? `loss and up to 1024 numbers of each weight's gradient, without dropout, with those of ${judging.entry.name}; largest difference relative to the largest of each, for a batch of one of ${DIFFERENT_PICTURES} pictures at most ${TOLERANCE}.`
      : 'nothing: that needs pytorch, or tfjs-cpu on a small network, among the peers.',
  }
}

/**
 * That of the first picture that is within the tolerance, or the least. Of hundreds of thousands of units some lie within
 * a rounding of zero, and of a pool's values some of each other: one that falls to the other side moves that picture's
 * gradients by a hundredth, and is no fault. What is wrong is wrong for every picture.
 */
async function leastDifference(engine: OpenEngine, expected: readonly Gradients[]) {
  const differences: number[] = []
  for (const [picture, gradients] of expected.entries()) {
    const own = await engine.process.ask('gradients', picture)
    differences.push(gradientDifference(own, gradients))
    if (!(differences.at(-1)! > TOLERANCE)) break
  }
  return differences.some(Number.isNaN) ? Number.NaN : Math.min(...differences)
}

/** The worst of the loss and every weight. */
export function gradientDifference(found: Gradients, expected: Gradients): number {
  const differences = Object.entries(expected.samples).map(([name, values]) => {
    const own = found.samples[name] ?? []
    return own.length === values.length ? relativeDifference(own, values) : Number.NaN
  })
  differences.push(relativeDifference([found.loss], [expected.loss]))
  return differences.some(Number.isNaN) ? Number.NaN : Math.max(...differences)
}

/** Adds an engine to those that are right, or to the absent with what is wrong. */
export async function judge(
  engine: Candidate,
  absent: Absent[],
  right: Right[],
  measure: () => Promise<number>,
): Promise<void> {
  const who = { engine: engine.name, build: engine.info.build }
  const tolerance = engine.tolerance ?? TOLERANCE
  try {
    const difference = await measure()
    if (difference <= tolerance) right.push({ ...engine, difference })
    else {
      const found = Number.isNaN(difference)
        ? 'numbers are missing or not finite'
        : `differs by ${difference.toExponential(1)}, at most ${tolerance} is allowed`
      absent.push({ ...who, why: 'wrong', reason: found })
    }
  } catch (error) {
    absent.push({ ...who, why: 'failed', reason: messageOf(error) })
  }
}

/** Times the engines in turn; those that fail are added to `absent`. */
export async function timeRight(
  right: readonly Right[],
  options: { rounds: number; batch: number; absent: Absent[]; progress: Progress },
): Promise<Result[]> {
  const { rounds, batch, absent, progress } = options
  const timings = await interleave(
    right.map(({ name, engine, info }) => ({ name, engine, pictures: info.pictures ?? batch })),
    {
      rounds,
      onRound: (round, name) =>
        progress(
          round === 0
            ? `batch ${batch}: warming up ${name}`
            : `batch ${batch}: round ${round} of ${rounds}, ${name}`,
        ),
    },
  )
  return right.flatMap(({ name, info, difference }, i) => {
    const { samples, failure } = timings[i]!
    if (failure !== undefined) {
      absent.push({ engine: name, build: info.build, why: 'failed', reason: failure })
      return []
    }
    return {
      engine: name,
      build: info.build,
      msPerPicture: quantile(samples, 0.5),
      samples,
      threads: info.threads,
      difference,
      note: info.note,
    }
  })
}

export function decodeFloats(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer)
}
