// ONNX Runtime as an engine: its WebAssembly build (onnxruntime-web) or its native one for Node
// (onnxruntime-node), which have one interface.

import type { Prepared } from '../data.ts'
import {
  channelsFirst,
  type DataReader,
  type EngineSettings,
  floats,
  repeatPictures,
  type Session,
} from './session.ts'

/** The part of onnxruntime-common that both packages give and that is used here. */
export interface OnnxRuntime {
  env: { versions: Record<string, string | undefined>; wasm: { numThreads?: number } }
  InferenceSession: {
    create(model: Uint8Array, options: Record<string, unknown>): Promise<OnnxSession>
  }
  Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => unknown
}

interface OnnxSession {
  outputNames: readonly string[]
  run(inputs: Record<string, unknown>): Promise<Record<string, { data: unknown }>>
}

/** @param provider 'wasm' or 'cpu' */
export async function startOnnxRuntime(
  runtime: OnnxRuntime,
  provider: 'wasm' | 'cpu',
  settings: EngineSettings,
  reader: DataReader,
): Promise<Session> {
  const { batch, threads } = settings
  if (provider === 'wasm') runtime.env.wasm.numThreads = threads
  const prepared = JSON.parse(
    new TextDecoder().decode(await reader.bytes('network.json')),
  ) as Prepared
  const { inputSize } = prepared.network
  const session = await runtime.InferenceSession.create(await reader.bytes('model.onnx'), {
    executionProviders: [provider],
    graphOptimizationLevel: 'all',
    // A fixed batch lets the runtime plan its memory.
    freeDimensionOverrides: { batch },
    ...(provider === 'cpu' && { intraOpNumThreads: threads }),
  })
  const pictures = repeatPictures(floats(await reader.bytes('pictures.bin')), batch, inputSize)
  const values = channelsFirst(pictures, inputSize)
  const once = async () => {
    const image = new runtime.Tensor('float32', values, [batch, 3, inputSize, inputSize])
    const outputs = await session.run({ image })
    return outputs[session.outputNames[0]!]!.data as Float32Array
  }
  return {
    info: {
      build: runtime.env.versions[provider === 'wasm' ? 'web' : 'node'] ?? '',
      threads,
    },
    output: once,
    async run(iterations) {
      const start = performance.now()
      for (let i = 0; i < iterations; i++) await once()
      return performance.now() - start
    },
  }
}
