// V8 can join pairs of 128-bit vector operations into 256-bit ones. The option is experimental, so on versions that were
// tested it is on only while the module that is written for it compiles, and what compiles then is the code that runs, so
// that a self-check after the start checks that and not the baseline compiler's code.

import type * as v8Module from 'node:v8'
import { supportedBuilds } from './module.ts'
import { nodeModule } from './threads.ts'

/** The build that is written for joined vectors. */
export const WIDE_BUILD = 'relaxed-simd-wide'

/** All functions at once, by the optimising compiler. */
const AT_ONCE = ['--no-liftoff', '--no-wasm-lazy-compilation']

/**
 * V8 of Node 22, 24 and 26, on which the conformance suites pass, widened; and what it takes to compile at once. Later
 * ones decide what to inline by what the baseline compiler saw.
 */
const tested: Readonly<Record<string, readonly string[]>> = {
  '12.4': AT_ONCE,
  '13.6': [...AT_ONCE, '--no-wasm-inlining'],
  '14.6': [...AT_ONCE, '--no-wasm-inlining'],
}

const host = () => globalThis.process as { arch?: string; versions?: { v8?: string } } | undefined

/** Whether the engine can join vectors: Node's on x86-64 from V8 12 on, with relaxed SIMD. */
function canWiden(): boolean {
  const { arch, versions } = host() ?? {}
  const isNew = Number.parseInt(versions?.v8 ?? '0', 10) >= 12
  return isNew && arch === 'x64' && supportedBuilds().includes(WIDE_BUILD)
}

/** What a tested version needs, undefined for others. */
const flagsOfTested = () => tested[/^\d+\.\d+(?=\.)/.exec(host()?.versions?.v8 ?? '')?.[0] ?? '']

/** Whether the wide build is to be taken. @param wanted as CpuOptions.widen has it */
export function widens(wanted: boolean | 'tested' = false): boolean {
  if (wanted === false || !canWiden()) return false
  return wanted === true || flagsOfTested() !== undefined
}

const opposite = (flag: string) =>
  flag.startsWith('--no-') ? `--${flag.slice(5)}` : `--no-${flag.slice(2)}`

/**
 * Compiles with vectors joined. On a tested version all of it is then compiled, in a tenth of a second of a processor,
 * and the engine's options are their defaults again; on others the one option stays, for functions compile later.
 */
export function compileWidened(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  const v8 = nodeModule<typeof v8Module>('node:v8')!
  const atOnce = flagsOfTested()
  const flags = ['--experimental-wasm-revectorize', ...(atOnce ?? [])]
  try {
    for (const flag of flags) v8.setFlagsFromString(flag)
    return new WebAssembly.Module(bytes)
  } finally {
    if (atOnce) for (const flag of flags) v8.setFlagsFromString(opposite(flag))
  }
}
