// The WebAssembly builds: choosing one, compiling it for a shared or a plain memory, and writing a
// kernel's parameters the way its AssemblyScript struct lays them out.

/** The builds in base64, each loaded when it is asked for: a page needs one of them. */
const builds = {
  simd: () => import('./generated/simd.ts'),
  'relaxed-simd': () => import('./generated/relaxed-simd.ts'),
  'relaxed-simd-wide': () => import('./generated/relaxed-simd-wide.ts'),
}

export type BuildName = keyof typeof builds
/** A kernel: one task of a job whose parameters lie at an address, run by the given worker. */
export type KernelFunction = (parameters: number, task: number, worker: number) => void
export type KernelExports = Record<string, KernelFunction>

/**
 * Builds that this engine can run, best first. 'relaxed-simd-wide' is the best only where the engine joins
 * pairs of vectors into 256 bits, which cannot be asked, so it comes last.
 */
export function supportedBuilds(): BuildName[] {
  const has = (probe: readonly number[]) => WebAssembly.validate(Uint8Array.from(probe))
  if (!has(simdProbe)) return []
  return has(relaxedSimdProbe) ? ['relaxed-simd', 'simd', 'relaxed-simd-wide'] : ['simd']
}

/** A function of no arguments that gives a v128, up to where its code begins. */
const probeHead = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10]
/** `i8x16.popcnt(i8x16.splat(0))` */
const simdProbe = [...probeHead, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11]
/** `i8x16.relaxed_swizzle(i8x16.splat(1), i8x16.splat(2))` */
const relaxedSimdProbe = [
  ...probeHead,
  ...[15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11],
]

/** The bytes of a build for a memory that is shared or not. */
export async function buildBytes(
  name: BuildName,
  shared: boolean,
): Promise<Uint8Array<ArrayBuffer>> {
  const { base64 } = await builds[name]()
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  if (shared) declareSharedMemory(bytes)
  return bytes
}

export async function instantiate(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Promise<KernelExports> {
  const instance = await WebAssembly.instantiate(module, { env: { memory } })
  return instance.exports as KernelExports
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
