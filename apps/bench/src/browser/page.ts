// An engine in a page: the code of the Node processes, with files that come from the benchmark's server.
// The benchmark calls the object that this leaves in the page's `bench`.

import { startLiteRt } from '../engines/litert.ts'
import { startOnnxRuntime } from '../engines/onnx-runtime.ts'
import type { EngineSettings, Session } from '../engines/session.ts'
import { startTensorflow } from '../engines/tensorflow.ts'
import { paths } from './paths.ts'

const reader = {
  async bytes(file: string) {
    const response = await fetch(`${paths.data}${file}`)
    if (!response.ok) throw new Error(`${response.url}: ${response.status} ${response.statusText}`)
    return new Uint8Array(await response.arrayBuffer())
  },
}

async function startSession(settings: EngineSettings): Promise<Session> {
  if (settings.engine === 'ort-web') {
    // As a page without a bundler loads it; its worker is the same file.
    const address = `${location.origin}${paths.onnxRuntime}ort.wasm.bundle.min.mjs`
    const runtime = await import(/* @vite-ignore */ address)
    runtime.env.wasm.wasmPaths = `${location.origin}${paths.onnxRuntime}`
    return startOnnxRuntime(runtime, 'wasm', settings, reader)
  }
  if (settings.engine === 'litert') {
    const wasmFiles = `${location.origin}${paths.liteRt}`
    return startLiteRt(await import('@litertjs/core'), settings, { reader, wasmFiles })
  }
  return startTensorflow(settings, { reader, wasmFiles: paths.tfjsWasm })
}

let session: Session | undefined

/** What the benchmark calls; numbers go back as arrays, which the browser's protocol can carry. */
const bench = {
  async start(settings: EngineSettings) {
    session = await startSession(settings)
    return { ...session.info, isolated: crossOriginIsolated }
  },
  output: async () => [...(await session!.output!())],
  run: (iterations: number) => session!.run(iterations),
}

export type PageBench = typeof bench
Object.assign(globalThis, { bench })
