// Frame after frame of a camera: one run through the network gives the answer and the maps of a layer.
import { type ChannelMap, channelOf, colorize } from '@alexnet/core/explain'
import type { Picture } from '@alexnet/data'
import { likeliest, type Model } from '@alexnet/model'
import * as tf from '@tensorflow/tfjs'
import { toPixels } from './decode.ts'
import type { LiveView } from './protocol.ts'

const SHOWN = 5
/** How much of the strength of a map is that of the frames before: the choice should not flicker. */
const INERTIA = 0.9

/** A layer that is watched. */
interface Watched {
  of: Model
  layer: string
  /** From the picture to the layer's maps and to the logits. */
  network: tf.LayersModel
  /** Mean of each channel over the last frames. */
  strengths: Float32Array
}

export class Live {
  #watched: Watched | undefined
  #context: OffscreenCanvasRenderingContext2D | undefined

  /** Looks at a frame, and closes it. @param count how many maps of the layer */
  async look(
    model: Model,
    frame: ImageBitmap,
    layer: string | undefined,
    count: number,
  ): Promise<LiveView> {
    const picture = this.#pixels(frame)
    const started = performance.now()
    const input = await model.prepare(picture)
    const watched = layer === undefined ? undefined : this.#watch(model, layer)
    const { logits, maps } = await run(model, watched?.network ?? model.network, input)
    const milliseconds = performance.now() - started
    const { numTensors, numBytes } = tf.memory()
    return {
      top: likeliest([logits], model.labels, SHOWN, 0),
      maps: watched && maps ? strongest(maps, watched.strengths, count) : [],
      milliseconds,
      held: { tensors: numTensors, bytes: numBytes },
    }
  }

  /** A network to the layer's maps, which has the layers of the model's own: it is nothing to dispose of. */
  #watch(of: Model, layer: string): Watched {
    if (this.#watched?.of !== of || this.#watched.layer !== layer) {
      const { inputs, outputs } = of.network
      const output = of.network.getLayer(layer).output as tf.SymbolicTensor
      const network = tf.model({ inputs, outputs: [...outputs, output] })
      this.#watched = { of, layer, network, strengths: new Float32Array(output.shape.at(-1)!) }
    }
    return this.#watched
  }

  #pixels(frame: ImageBitmap): Picture {
    const { width, height } = frame
    this.#context ??= new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })!
    Object.assign(this.#context.canvas, { width, height })
    this.#context.drawImage(frame, 0, 0)
    frame.close()
    const { data } = this.#context.getImageData(0, 0, width, height)
    const rgb = new Uint8Array(width * height * 3)
    for (let from = 0, to = 0; from < data.length; from += 4) {
      rgb[to++] = data[from]!
      rgb[to++] = data[from + 1]!
      rgb[to++] = data[from + 2]!
    }
    return { width, height, data: rgb }
  }
}

/** The logits, and the maps where the network gives them. */
async function run(
  { inputSize }: Model,
  network: tf.LayersModel,
  input: Float32Array,
): Promise<{ logits: Float32Array; maps: ChannelMap | undefined }> {
  const outputs = tf.tidy(() =>
    [network.predictOnBatch(tf.tensor4d(input, [1, inputSize, inputSize, 3]))].flat(),
  ) as tf.Tensor[]
  try {
    const [logits, data] = (await Promise.all(outputs.map((one) => one.data()))) as Float32Array[]
    const [, height, width, channels] = outputs[1]?.shape ?? []
    const maps = data && { height: height!, width: width!, channels: channels!, data }
    return { logits: logits!, maps }
  } finally {
    tf.dispose(outputs)
  }
}

/** The maps whose mean over the last frames is largest; `strengths` goes on by this frame. */
export function strongest(
  maps: ChannelMap,
  strengths: Float32Array,
  count: number,
): LiveView['maps'] {
  const { channels, data } = maps
  const sums = new Float64Array(channels)
  for (const [at, value] of data.entries()) sums[at % channels]! += value
  const places = data.length / channels
  for (const [channel, sum] of sums.entries()) {
    strengths[channel] = INERTIA * strengths[channel]! + ((1 - INERTIA) * sum) / places
  }
  return [...strengths.keys()]
    .sort((a, b) => strengths[b]! - strengths[a]!)
    .slice(0, count)
    .map((channel) => ({
      channel,
      pixels: toPixels(colorize(channelOf(maps, channel), { colors: 'viridis' })),
    }))
}
