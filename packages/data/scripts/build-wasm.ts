// Compiles the AssemblyScript loops over pixels (src/kernels/*.as) and writes them as base64 to
// src/generated/pixels.ts, so that no bundler needs to be told about an asset.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const packageFolder = fileURLToPath(new URL('..', import.meta.url))
const generatedFolder = join(packageFolder, 'src/generated')

function source(path: string): string | null {
  if (!/^src\/kernels\/[\w-]+\.ts$/.test(path)) return null
  try {
    return readFileSync(join(packageFolder, path.replace(/\.ts$/, '.as')), 'utf8')
  } catch {
    return null
  }
}

let binary: Uint8Array | undefined
const { error, stderr } = await asc.main(
  [
    ...['src/kernels/index.ts', '--outFile', 'out.wasm', '--enable', 'simd', '--noAssert', '-O3'],
    ...['--initialMemory', '1', '--maximumMemory', '65536', '--runtime', 'stub'],
    ...['--memoryBase', '1024'],
  ],
  {
    readFile: (file) => source(file.replaceAll('\\', '/')),
    writeFile: (file, contents) => {
      if (file.endsWith('.wasm')) binary = contents as Uint8Array
    },
    listFiles: () => [],
  },
)
if (error || !binary) throw new Error(`AssemblyScript: ${error?.message}\n${stderr.toString()}`)

mkdirSync(generatedFolder, { recursive: true })
writeFileSync(
  join(generatedFolder, 'pixels.ts'),
  `// Made by scripts/build-wasm.ts from src/kernels/*.as: the module in base64.

export const pixels =
  '${Buffer.from(binary).toString('base64')}'
`,
)
console.log(`pixels: ${binary.length} bytes`)
