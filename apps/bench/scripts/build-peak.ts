// Writes src/generated/peak.ts, the measure of the machine: fused multiply-adds as fast as a WebAssembly thread can issue them. The
// accumulators stay in registers, enough of them to hide the latency of two units, and nothing is loaded
// inside the loop, so the number is a bound for any 128-bit (or, widened by V8, 256-bit) kernel here.
// Native code that uses AVX-512 has a higher bound: a peer's share may exceed 100%.

import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

/**
 * Pairs of neighbouring 128-bit accumulators, each of which V8 joins into one register when it widens. Of
 * 16 registers two hold the factors; too few accumulators would wait for each other.
 */
const accumulatorPairs = { plain: 6, widened: 10 }

/** Floating point operations of one round of a loop. */
const operations = (pairs: number) => pairs * 2 * 4 * 2

/** AssemblyScript of `plain(rounds)` and `widened(rounds)`, which differ in their accumulators. */
function source(relaxed: boolean): string {
  // The accumulator is a factor too, so that no product can be taken out of the loop.
  const step = (accumulator: string, addend: string) =>
    relaxed
      ? `${accumulator} = v128.relaxed_madd<f32>(${accumulator}, x, ${addend})`
      : `${accumulator} = f32x4.add(f32x4.mul(${accumulator}, x), ${addend})`
  const loop = (name: string, count: number) => {
    const pairs = Array.from({ length: count }, (_, index) => index)
    // A pair's halves lie side by side in memory before and after: what V8 looks for.
    return `
export function ${name}(rounds: i32): void {
  const x = v128.load_splat<f32>(2048)
  const y0 = v128.load(2064), y1 = v128.load(2080)
  ${pairs.map((i) => `let a${i} = v128.load(${i * 32}), b${i} = v128.load(${i * 32 + 16})`).join('\n  ')}
  for (let round = 0; round < rounds; round++) {
    ${pairs.map((i) => `${step(`a${i}`, 'y0')}; ${step(`b${i}`, 'y1')}`).join('\n    ')}
  }
  ${pairs.map((i) => `v128.store(${i * 32}, a${i}); v128.store(${i * 32 + 16}, b${i})`).join('\n  ')}
}
`
  }
  return loop('plain', accumulatorPairs.plain) + loop('widened', accumulatorPairs.widened)
}

/** The loops in base64. */
async function compile(build: 'simd' | 'relaxed-simd'): Promise<string> {
  let binary: Uint8Array | undefined
  const features = build === 'simd' ? 'simd' : 'simd,relaxed-simd'
  const { error, stderr } = await asc.main(
    [
      ...['peak.ts', '--outFile', 'peak.wasm', '--enable', features],
      ...['--runtime', 'stub', '-O3', '--initialMemory', '1'],
    ],
    {
      readFile: (name) => (name === 'peak.ts' ? source(build === 'relaxed-simd') : null),
      writeFile: (name, contents) => {
        if (name === 'peak.wasm') binary = contents as Uint8Array
      },
      listFiles: () => [],
    },
  )
  if (error || !binary) throw new Error(`AssemblyScript: ${error?.message} ${stderr.toString()}`)
  return Buffer.from(binary).toString('base64')
}

const folder = fileURLToPath(new URL('../src/generated', import.meta.url))
mkdirSync(folder, { recursive: true })
writeFileSync(
  `${folder}/peak.ts`,
  `// Made by scripts/build-peak.ts: loops of fused multiply-adds, 'plain' and 'widened', in base64.

export const peakLoops = {
  'relaxed-simd':
    '${await compile('relaxed-simd')}',
  simd: '${await compile('simd')}',
} as const

/** Floating point operations of one round of each loop. */
export const operationsPerRound = {
  plain: ${operations(accumulatorPairs.plain)},
  widened: ${operations(accumulatorPairs.widened)},
} as const
`,
)
