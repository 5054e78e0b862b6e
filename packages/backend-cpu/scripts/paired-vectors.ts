// Writes AssemblyScript on vectors of four floats for eight: every statement on a vector becomes two, for the
// floats at an address and for those 16 bytes on, side by side so that V8 joins them into one of 256 bits. A
// file that is written for it says so at its top and has one statement a line; VECTOR of micro-kernel.ts is
// its bytes at a time, and immediate offsets count in those.

const vectorCall = /\b(?:v128|f32x4|i32x4)\.|\b(?:times|timesAdd|multiplyAdd)\(/
const name = /\b[A-Za-z]\w*\b/g

/** The text for pairs of vectors. */
export function pairedVectors(source: string): string {
  let vectors = new Set<string>()
  const lines = source.split('\n').map((line) => {
    if (/^(export )?function /.test(line)) vectors = new Set()
    // What the helpers of four floats do stays as it is: their callers are doubled.
    if (!line.startsWith('  ') || /^\s*(return |\/\/)/.test(line)) return line
    const names: string[] = line.match(name) ?? []
    if (!vectorCall.test(line) && !names.some((one) => vectors.has(one))) return line
    const declared = /^\s*(?:const|let) (\w+)/.exec(line)?.[1]
    if (declared) vectors.add(declared)
    return `${half(line, vectors, 0)}\n${half(line, vectors, 16)}`
  })
  return lines.join('\n')
}

/** A statement for one half: its own variables, and its own place in memory. */
function half(line: string, vectors: ReadonlySet<string>, offset: 0 | 16): string {
  const own =
    offset === 0 ? line : line.replace(name, (one) => (vectors.has(one) ? `${one}_2` : one))
  return own
    .replace(/v128\.load\((.*?)\)(?=$|,)/g, `v128.load($1, ${offset})`)
    .replace(/v128\.store\((.*)\)$/, (_, given: string) => {
      const [, operands, at = '0'] = /^(.*?)(?:, (\d+))?$/.exec(given)!
      return `v128.store(${operands}, ${2 * Number(at) + offset})`
    })
}
