// jax-js as an engine: the network in its functions, jitted, on its WebAssembly device.

import { type NamedTensor, readSafetensors } from '@alexnet/weights'
import type * as jaxModule from '@jax-js/jax'
import type { Prepared } from '../data.ts'
import type { Operation } from '../network.ts'
import {
  channelsFirst,
  type DataReader,
  type EngineSettings,
  floats,
  repeatPictures,
  type Session,
} from './session.ts'

type Jax = typeof jaxModule
type JaxArray = jaxModule.Array

/** @throws Error for a layer that jax-js lacks */
export async function startJax(settings: EngineSettings, reader: DataReader): Promise<Session> {
  const jax: Jax = await import('@jax-js/jax')
  await jax.init('wasm')
  jax.defaultDevice('wasm')
  const { batch } = settings
  const { network } = JSON.parse(
    new TextDecoder().decode(await reader.bytes('network.json')),
  ) as Prepared
  const size = network.inputSize
  const { tensors } = readSafetensors(await reader.bytes('weights.safetensors'))
  const weights: Record<string, JaxArray> = {}
  for (const [name, { data, shape }] of tensors as ReadonlyMap<string, NamedTensor>) {
    weights[name] = jax.numpy.array(data as Float32Array<ArrayBuffer>, { shape: [...shape] })
  }
  const pictures = repeatPictures(floats(await reader.bytes('pictures.bin')), batch, size)
  const values = channelsFirst(pictures, size) as Float32Array<ArrayBuffer>
  const forward = jax.jit((parameters: Record<string, JaxArray>, input: JaxArray) => {
    let output = input
    for (const operation of network.operations) {
      output = apply(jax, operation, output, parameters)
    }
    return output
  })
  const once = async () => {
    const input = jax.numpy.array(values, { shape: [batch, 3, size, size] })
    const own = Object.fromEntries(
      Object.entries(weights).map(([name, value]) => [name, value.ref]),
    )
    return (await forward(own, input).data()) as Float32Array
  }
  return {
    info: { build: 'wasm', threads: 1 },
    output: once,
    async run(iterations) {
      const start = performance.now()
      for (let i = 0; i < iterations; i++) await once()
      return performance.now() - start
    },
  }
}

function apply(
  { lax, nn, numpy }: Jax,
  operation: Operation,
  input: JaxArray,
  weights: Record<string, JaxArray>,
): JaxArray {
  const { name, kind } = operation
  switch (kind) {
    case 'convolution': {
      const { stride, padding, groups, filters } = operation
      const pad: [number, number] = [padding, padding]
      const maps = lax.convGeneralDilated(
        input,
        weights[`${name}.weight`]!,
        [stride, stride],
        [pad, pad],
        { featureGroupCount: groups },
      )
      return maps.add(weights[`${name}.bias`]!.reshape([1, filters, 1, 1]))
    }
    case 'activation':
      if (operation.activation === 'relu') return nn.relu(input)
      return operation.activation === 'tanh' ? numpy.tanh(input) : nn.sigmoid(input)
    case 'max-pooling':
    case 'average-pooling': {
      const { size, stride, ceilMode } = operation
      if (ceilMode) throw new Error('jax-js is not given pooling that rounds up')
      const reduce = (window: JaxArray) =>
        kind === 'max-pooling' ? numpy.max(window) : numpy.mean(window)
      return lax.reduceWindow(input, reduce, [1, 1, size, size], [1, 1, stride, stride])
    }
    case 'flatten':
      return input.reshape([input.shape[0]!, operation.outputShape[0]!])
    case 'dropout':
      return input
    case 'linear':
      return numpy
        .matmul(input, weights[`${name}.weight`]!.transpose())
        .add(weights[`${name}.bias`]!)
    case 'local-response-normalization':
      throw new Error('jax-js has no local response normalisation')
  }
}
