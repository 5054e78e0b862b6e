// LiteRT.js as an engine, in a page: the TensorFlow Lite runtime in WebAssembly, its convolutions XNNPACK's. It takes
// batches of the size that the file names, so there is a file for each.

import type * as LiteRt from '@litertjs/core'
import type { Prepared } from '../data.ts'
import {
  type DataReader,
  type EngineSettings,
  floats,
  repeatPictures,
  type Session,
} from './session.ts'

/** @param wasmFiles address below which the package's `wasm` is served */
export async function startLiteRt(
  { loadLiteRt, loadAndCompile, Tensor }: typeof LiteRt,
  { batch, threads }: EngineSettings,
  { reader, wasmFiles }: { reader: DataReader; wasmFiles: string },
): Promise<Session> {
  const text = new TextDecoder().decode(await reader.bytes('network.json'))
  const { inputSize } = (JSON.parse(text) as Prepared).network
  await loadLiteRt(wasmFiles, { threads: threads > 1 })
  const model = await loadAndCompile(await reader.bytes(`model-${batch}.tflite`), {
    accelerator: 'wasm',
    cpuOptions: { numThreads: threads },
  })
  const pictures = repeatPictures(floats(await reader.bytes('pictures.bin')), batch, inputSize)
  const values = Float32Array.from(pictures)
  const once = async () => {
    const image = Tensor.fromTypedArray(values, [batch, inputSize, inputSize, 3])
    const [output] = await model.run([image])
    const logits = Float32Array.from(output!.toTypedArray() as Float32Array)
    image.delete()
    output!.delete()
    return logits
  }
  return {
    info: { build: 'XNNPACK', threads },
    output: once,
    async run(iterations) {
      const start = performance.now()
      for (let i = 0; i < iterations; i++) await once()
      return performance.now() - start
    },
  }
}
