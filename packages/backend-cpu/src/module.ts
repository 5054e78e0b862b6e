// The WebAssembly builds: choosing one, compiling it for a shared or a plain memory, and writing a
// kernel's parameters the way its AssemblyScript struct lays them out.

import { builds } from './generated/builds.ts'

export type BuildName = keyof typeof builds
/** A kernel: one task of a job whose parameters lie at an address, run by the given worker. */
export type KernelFunction = (parameters: number, task: number, worker: number) => void
export type KernelExports = Record<string, KernelFunction>

/**
 * Builds that this engine can run, best first. 'relaxed-simd-wide' is the best only where the engine joins
 * pairs of vectors into 256 bits, which cannot be asked, so it comes last.
 */
export function supportedBuilds(): BuildName[] {
  const names: BuildName[] = ['relaxed-simd', 'simd', 'relaxed-simd-wide']
  return names.filter((name) => WebAssembly.validate(decode(name) as BufferSource))
}

/** Compiles a build for a memory that is shared or not. */
export function compileBuild(name: BuildName, shared: boolean): Promise<WebAssembly.Module> {
  const bytes = decode(name)
  if (shared) declareSharedMemory(bytes)
  return WebAssembly.compile(bytes as BufferSource)
}

export async function instantiate(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Promise<KernelExports> {
  const instance = await WebAssembly.instantiate(module, { env: { memory } })
  return instance.exports as KernelExports
}

function decode(name: BuildName): Uint8Array {
  return Uint8Array.from(atob(builds[name]), (character) => character.charCodeAt(0))
}

/**
 * Marks the imported memory as shared, which is the one bit in which the two kinds of module differ: in
 * the import section, after the names "env" and "memory", the kind byte 2 and then the limits' flags.
 */
function declareSharedMemory(bytes: Uint8Array): void {
  const name = [3, ...ascii('env'), 6, ...ascii('memory'), 2]
  for (let at = 8; at < 4096; at++) {
    if (name.every((byte, index) => bytes[at + index] === byte)) {
      bytes[at + name.length] = 3
      return
    }
  }
  throw new Error('the WebAssembly module has no import env.memory')
}

function ascii(text: string): number[] {
  return [...text].map((character) => character.charCodeAt(0))
}

/** A parameter struct: its fields in order, each four bytes. */
export type Struct = readonly (readonly [name: string, type: 'i32' | 'u32' | 'f32'])[]
export type StructValues<S extends Struct> = Record<S[number][0], number>

/** Writes a struct at an address. Every field must be given. */
export function writeStruct<S extends Struct>(
  view: DataView,
  address: number,
  struct: S,
  values: StructValues<S>,
): void {
  for (let index = 0; index < struct.length; index++) {
    const [name, type] = struct[index]!
    const value = values[name as S[number][0]]
    if (type === 'f32') view.setFloat32(address + index * 4, value, true)
    else if (type === 'u32') view.setUint32(address + index * 4, value, true)
    else view.setInt32(address + index * 4, value, true)
  }
}
