// What a part of the network is good for: the answer with it and without.
import * as tf from '@tensorflow/tfjs'
import { OptionError, requireWholeNumber } from '../errors.ts'
import {
  activationOf,
  apply,
  type Chain,
  chainOf,
  indexOfLayer,
  inputTensor,
  type Replacement,
  read,
  run,
  shapeOf,
} from './chain.ts'
import type { ChannelMap } from './maps.ts'

/** A part to switch off: whole layers pass their input on, channels (or units) become 0. */
export interface Part {
  /** Name of a layer. */
  layer: string
  /** Channels of it to set to 0; without it the layer as a whole passes its input on unchanged. */
  channels?: readonly number[]
}

export interface SwitchOffResult {
  /** Logits of the whole network. */
  whole: Float32Array
  /** Logits without the parts. */
  without: Float32Array
}

/**
 * The logits of a prepared picture with and without parts of the network: the ablations of Krizhevsky et al.
 * (2012), §3, on one picture and without training anew, and those of single channels as in Bau et al., "Network
 * Dissection" (2017), arXiv:1704.05796.
 *
 * @throws OptionError where a layer cannot pass its input on (its output has another shape), or a channel or
 *   layer is not there
 */
export async function switchOff(
  model: tf.LayersModel,
  input: Float32Array,
  parts: readonly Part[],
): Promise<SwitchOffResult> {
  const chain = chainOf(model)
  const replace = replacements(chain, parts)
  const logits = (options?: Parameters<typeof run>[2]) =>
    read(tf.tidy(() => run(chain, inputTensor(chain, input), options)))
  return { whole: await logits(), without: await logits({ replace }) }
}

/** The maps of a layer (its units as one place's channels where it has none) while parts of the network are off. */
export async function featureMapsWithout(
  model: tf.LayersModel,
  input: Float32Array,
  layer: string,
  parts: readonly Part[],
): Promise<ChannelMap> {
  const chain = chainOf(model)
  const shape = shapeOf(chain.layers[indexOfLayer(chain, layer)]!)
  const [height, width, channels] = shape.length === 3 ? shape : [1, 1, shape[0]!]
  const replace = replacements(chain, parts)
  const maps = tf.tidy(() => run(chain, inputTensor(chain, input), { through: layer, replace }))
  return { height: height!, width: width!, channels: channels!, data: await read(maps) }
}

/** Names of the layers that can be switched off as a whole: activations, normalisations, dropout. */
export function switchableLayers(model: tf.LayersModel): string[] {
  const chain = chainOf(model)
  return chain.layers.filter((layer) => passesOn(chain, layer)).map(({ name }) => name)
}

function passesOn(chain: Chain, layer: tf.layers.Layer): boolean {
  const at = chain.layers.indexOf(layer)
  const input = at === 0 ? chain.inputShape : shapeOf(chain.layers[at - 1]!)
  const isWeighted = layer.weights.length > 0
  return (
    !isWeighted && (activationOf(layer) !== undefined || input.join() === shapeOf(layer).join())
  )
}

function replacements(chain: Chain, parts: readonly Part[]): Map<string, Replacement> {
  const replace = new Map<string, Replacement>()
  for (const { layer: name, channels } of parts) {
    const layer = chain.layers[indexOfLayer(chain, name)]!
    if (channels === undefined) {
      if (!passesOn(chain, layer)) {
        const names = chain.layers.filter((other) => passesOn(chain, other))
        throw new OptionError(
          `layer ${name} cannot be left out; name some of its channels, or one of ${names.map((other) => other.name).join(', ')}`,
        )
      }
      replace.set(name, (x) => tf.clone(x))
      continue
    }
    const count = shapeOf(layer).at(-1)!
    const mask = new Float32Array(count).fill(1)
    for (const channel of channels) {
      if (requireWholeNumber('channel', channel, 0) >= count) {
        throw new OptionError(`layer ${name} has the channels 0 to ${count - 1}, not ${channel}`)
      }
      mask[channel] = 0
    }
    replace.set(name, (x, here) => tf.mul(apply(here, x, false), tf.tensor1d(mask)))
  }
  return replace
}
