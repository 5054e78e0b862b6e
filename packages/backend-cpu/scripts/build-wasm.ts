// Compiles the AssemblyScript kernels (src/kernels/*.as) and writes src/generated/: the WebAssembly
// builds as base64, so that no bundler needs to be told about an asset, and the layout of every
// parameter struct and the value of every exported constant, read from the AssemblyScript source, so
// that both sides of the WASM boundary have one definition.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'
import { microKernelSource } from './micro-kernel.ts'
import { pairedVectors } from './paired-vectors.ts'

const packageFolder = fileURLToPath(new URL('..', import.meta.url))
const kernelFolder = join(packageFolder, 'src/kernels')
const generatedFolder = join(packageFolder, 'src/generated')

interface Build {
  name: string
  features: string
  /** Whether it is for a V8 that joins pairs of vectors into 256 bits. */
  joined?: boolean
}

/** Weakest first. */
const builds: Build[] = [
  { name: 'simd', features: 'simd' },
  { name: 'relaxed-simd', features: 'simd,relaxed-simd' },
  { name: 'relaxed-simd-wide', features: 'simd,relaxed-simd', joined: true },
]

/** Files whose vectors are written in pairs where they are joined. */
const paired = ['normalization-lines', 'pooling-window', 'winograd-lines'].map(
  (name) => `src/kernels/${name}.as`,
)

function source(path: string, { joined = false }: Build): string | null {
  if (path === 'src/micro-kernel.ts') return microKernelSource(joined)
  if (!/^src\/kernels\/[\w-]+\.ts$/.test(path)) return null
  const file = path.replace(/\.ts$/, '.as')
  try {
    const text = readFileSync(join(packageFolder, file), 'utf8')
    return joined && paired.includes(file) ? pairedVectors(text) : text
  } catch {
    return null
  }
}

async function compile(build: Build): Promise<Uint8Array> {
  const { name, features } = build
  let binary: Uint8Array | undefined
  const { error, stderr } = await asc.main(
    [
      'src/kernels/index.ts',
      '--outFile',
      'out.wasm',
      '--enable',
      features,
      '--importMemory',
      '--initialMemory',
      '1',
      '--maximumMemory',
      '65536',
      '--runtime',
      'stub',
      '-O3',
      '--noAssert',
    ],
    {
      readFile: (file) => source(file.replaceAll('\\', '/'), build),
      writeFile: (file, contents) => {
        if (file.endsWith('.wasm')) binary = contents as Uint8Array
      },
      listFiles: () => [],
    },
  )
  if (error || !binary)
    throw new Error(`AssemblyScript (${name}): ${error?.message}\n${stderr.toString()}`)
  return binary
}

/** The fields of each `@unmanaged export class XParameters` of a source text, in order. */
function structs(text: string): { name: string; fields: [string, string][] }[] {
  return [...text.matchAll(/export class (\w+Parameters) \{([^}]*)\}/g)].map(([, name, body]) => ({
    name: name!,
    fields: [...body!.matchAll(/^ {2}(\w+): (\w+)$/gm)].map(([, field, type]) => {
      if (!['i32', 'u32', 'f32'].includes(type!)) {
        throw new Error(`${name}.${field}: ${type} is not one of i32, u32, f32`)
      }
      return [field!, type!]
    }),
  }))
}

function constants(text: string): [string, string][] {
  return [...text.matchAll(/^export const ([A-Z0-9_]+): i32 = (-?\d+)$/gm)].map((m) => [
    m[1]!,
    m[2]!,
  ])
}

const kernelTexts = readdirSync(kernelFolder)
  .filter((file) => file.endsWith('.as'))
  .sort()
  .map((file) => ({ file: basename(file), text: readFileSync(join(kernelFolder, file), 'utf8') }))
const allStructs = kernelTexts.flatMap(({ text }) => structs(text))
const allConstants = [microKernelSource(false), ...kernelTexts.map(({ text }) => text)].flatMap(
  constants,
)

rmSync(generatedFolder, { recursive: true, force: true })
mkdirSync(generatedFolder, { recursive: true })
// A module each: a program loads the one that it runs, and bundlers keep them apart.
for (const build of builds) {
  const binary = await compile(build)
  writeFileSync(
    join(generatedFolder, `${build.name}.ts`),
    `// Made by scripts/build-wasm.ts from src/kernels/*.as: a WebAssembly build in base64.

export const base64: string =
  '${Buffer.from(binary).toString('base64')}'
`,
  )
  console.log(`${build.name}: ${binary.length} bytes`)
}
writeFileSync(
  join(generatedFolder, 'layout.ts'),
  `// Made by scripts/build-wasm.ts from src/kernels/*.as: parameter structs and constants.

${allConstants.map(([name, value]) => `export const ${name} = ${value}`).join('\n')}

${allStructs
  .map(
    ({ name, fields }) =>
      `export const ${name[0]!.toLowerCase()}${name.slice(1)} = [\n${fields
        .map(([field, type]) => `  ['${field}', '${type}'],`)
        .join('\n')}\n] as const`,
  )
  .join('\n\n')}
`,
)
