// Picks a backend for a program: the first adapter of its list that this machine supports, that starts,
// and that computes the self-check's network correctly.

import * as tf from '@tensorflow/tfjs'
import type { BackendAdapter, SkippedBackend, StartedBackend } from './adapter.ts'
import { warnOfCopies } from './copies.ts'
import { type SelfCheckReport, selfCheck } from './self-check.ts'

export interface ActiveBackend {
  /** The tfjs backend now in use; equals `tf.getBackend()`. */
  name: string
  device: string
  features: string[]
  /** Which of its programs it runs, e.g. 'relaxed-simd', 'webgl2', 'wgsl'; 'javascript' for tfjs's cpu. */
  build: string
  /** Threads of the processor that compute, the calling one included; a GPU's backend has 1. */
  threads: number
  /** 'float16' where its adapter was told that inference is all it is for, and the device has no more. */
  precision: 'float32' | 'float16'
  /** The adapters before it in the list, and why each was passed over. */
  skipped: SkippedBackend[]
  /** Resolves, with the reason, if the device is lost; stays pending otherwise. */
  lost: Promise<Error>
  selfCheck: SelfCheckReport
}

/** No adapter of the list could be used; `skipped` says why for each. */
export class NoBackendError extends Error {
  override name = 'NoBackendError'
  readonly skipped: SkippedBackend[]

  constructor(skipped: SkippedBackend[]) {
    const reasons = skipped.map(({ name, reason }) => `  ${name}: ${reason}`).join('\n')
    super(
      skipped.length === 0
        ? 'useBackend was given no adapter: pass at least one, e.g. useBackend([cpu()])'
        : `none of the ${skipped.length} backends can be used:\n${reasons}`,
    )
    this.skipped = skipped
  }
}

/** What the calls before have to do; one call would switch the backend away under another's self-check. */
let earlier: Promise<unknown> = Promise.resolve()

/**
 * Makes the first usable adapter the current tfjs backend. Calls that overlap are done one after the other, so
 * that a page which calls it twice has one backend.
 *
 * @param adapters in order of preference
 * @throws NoBackendError naming every adapter and why it was skipped; the tfjs backend that was current
 *   before is then current again
 */
export function useBackend(adapters: readonly BackendAdapter[]): Promise<ActiveBackend> {
  const active = earlier.then(() => choose(adapters))
  earlier = active.catch(() => {})
  return active
}

async function choose(adapters: readonly BackendAdapter[]): Promise<ActiveBackend> {
  const skipped: SkippedBackend[] = []
  for (const adapter of adapters) {
    const { name } = adapter
    try {
      const supported = await adapter.isSupported()
      if (supported !== true) {
        skipped.push({ name, reason: `not supported: ${supported}` })
        continue
      }
    } catch (error) {
      skipped.push({ name, reason: `could not tell whether it is supported: ${message(error)}` })
      continue
    }
    let started: StartedBackend
    try {
      started = await adapter.start()
    } catch (error) {
      skipped.push({ name, reason: `did not start: ${message(error)}` })
      continue
    }
    const outcome = await tryBackend(name, started)
    if (typeof outcome === 'string') {
      skipped.push({ name, reason: outcome })
      continue
    }
    warnOfCopies()
    const { device, features, build = '', threads = 1, precision = 'float32' } = started
    const { lost = new Promise<Error>(() => {}) } = started
    const report = { name, device, features, build, threads, precision }
    return { ...report, skipped, lost, selfCheck: outcome }
  }
  throw new NoBackendError(skipped)
}

/** Switches tfjs to a started backend and checks it; on failure switches back and returns the reason. */
async function tryBackend(
  name: string,
  started: StartedBackend,
): Promise<SelfCheckReport | string> {
  const { registryFactory, backendName: previous } = tf.engine()
  let reason: string
  try {
    if (!(name in registryFactory)) {
      reason = `started without registering a tfjs backend called ${name}`
    } else if (!(await tf.setBackend(name))) {
      reason = 'tfjs could not initialise it'
    } else {
      await tf.ready()
      const report = await selfCheck({ precision: started.precision })
      if (report.passed) return report
      const wrong = report.results.filter(({ error }) => !(error <= report.tolerance))
      const parts = wrong.map(({ name, error }) => `${name} by ${error.toExponential(1)}`)
      reason = `failed the self-check: ${parts.join(', ')} (relative, at most ${report.tolerance} passes)`
    }
  } catch (error) {
    reason = `failed the self-check: ${message(error)}`
  }
  if (previous && previous !== name && previous in registryFactory) await tf.setBackend(previous)
  await started.stop?.()
  return reason
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
