// The learned weights of channels ("linear layers"): one number for each channel of each activation, published by the
// authors as a state dict of `lin0.model.1.weight` … `lin4.model.1.weight`, [1, channels, 1, 1].

import { OptionError } from '@alexnet/core'
import { ModelError } from '@alexnet/model'
import type { OpenCheckpoint, PublishedFile } from '@alexnet/weights'

/** Version 0.1 for torchvision's AlexNet: 1,152 numbers, none below 0. */
export const lpipsAlex: PublishedFile = {
  name: 'lpips-alex',
  description: "LPIPS v0.1's weights for the channels of AlexNet's five activations",
  urls: [
    'https://raw.githubusercontent.com/richzhang/PerceptualSimilarity/master/lpips/weights/v0.1/alex.pth',
  ],
  bytes: 6009,
  sha256: 'df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0',
  licence: 'BSD-2-Clause (Zhang et al.)',
}

/** Numbers by the names of the state dict. */
export type LinearWeights = Readonly<Record<string, ArrayLike<number>>>

const nameOf = (layer: number) => `lin${layer}.model.1.weight`

/** The numbers of a state dict, by its names. */
export async function readLinear({ tensors }: OpenCheckpoint): Promise<LinearWeights> {
  const weights: Record<string, ArrayLike<number>> = {}
  for (const [name, tensor] of tensors) {
    if (/^lin\d+\.model\.1\.weight$/.test(name)) {
      weights[name] = (await tensor.load()) as Float32Array
    }
  }
  return weights
}

/**
 * The numbers of each layer, in order.
 *
 * @param channels of each activation
 * @param source named in errors
 * @throws ModelError where they are of another network, or no finite numbers
 */
export function linearLayers(
  weights: LinearWeights,
  channels: readonly number[],
  source: string,
): Float32Array[] {
  if (typeof weights !== 'object' || weights === null) {
    throw new OptionError("linear weights are given as { 'lin0.model.1.weight': […], … }")
  }
  const count = Object.keys(weights).filter((name) =>
    /^lin\d+\.model\.1\.weight$/.test(name),
  ).length
  if (count !== channels.length) {
    throw new ModelError(
      `${source} holds linear weights of ${count} layers (${nameOf(0)}, …), the network has ${channels.length} activations: take the file that belongs to it, or leave it out`,
    )
  }
  return channels.map((expected, layer) => {
    const values = weights[nameOf(layer)]
    if (values?.length !== expected) {
      throw new ModelError(
        `${source}: ${nameOf(layer)} has ${values?.length ?? 'no'} numbers, the network's activation ${expected} channels`,
      )
    }
    const numbers = Float32Array.from(values)
    if (numbers.every(Number.isFinite)) return numbers
    throw new ModelError(`${source}: ${nameOf(layer)} has values that are not finite: it is broken`)
  })
}
