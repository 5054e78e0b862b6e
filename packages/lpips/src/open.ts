// From whatever names a network to one that compares pictures. Only the convolutions of a file are read, so a whole
// AlexNet and a file of its features alone do the same.

import type { BackendAdapter } from '@alexnet/backend'
import { getArchitecture, loadLazyWeights, modelWeights, type Variant } from '@alexnet/core'
import { type Architecture, buildFeatures } from '@alexnet/core/architectures'
import {
  fromMetadata,
  Model,
  ModelError,
  type ModelSource,
  networkTensors,
  type OpenModelOptions,
  openWeights,
  startBackend,
} from '@alexnet/model'
import type { OpenCheckpoint, PublishedFile } from '@alexnet/weights'
import type { LayersModel } from '@tensorflow/tfjs'
import { type LinearWeights, linearLayers, lpipsAlex, readLinear } from './linear.ts'
import { Lpips } from './lpips.ts'

/** What a network is opened from: what `openModel` takes, or a model that is open already, whose numbers are copied. */
export type LpipsSource = ModelSource | Model

export interface LpipsOptions
  extends Pick<OpenModelOptions, 'onProgress' | 'onWait' | 'signal' | 'mirror'> {
  /**
   * The learned weights of channels: a file (`alex.pth`), a record, or the numbers by their names. `false` leaves them
   * out: the plain form. Default: LPIPS v0.1's for torchvision's network, downloaded once (6 kB); none for others.
   */
  linear?: ModelSource | PublishedFile | LinearWeights | false
  /** Variant of the network, where the file does not say. Default: by the shapes of its filters. */
  variant?: string
  /** Backends to start, in order of preference. Default: as `openModel`. */
  backend?: readonly BackendAdapter[]
}

/** Scaling of LPIPS: pictures in −1…1 less ImageNet's mean, by its deviation, with the authors' digits. */
const scaling = { shift: [-0.03, -0.088, -0.188], scale: [0.458, 0.448, 0.45] }

/**
 * Opens a network to compare pictures by: `openLpips()` is LPIPS v0.1 on torchvision's AlexNet.
 *
 * @throws ModelError, CheckpointError, DownloadError or core's error on weights that do not fit, naming the tensors
 * @example
 * const lpips = await openLpips()
 * const { distance } = await lpips.compare('before.png', 'after.png')
 */
export async function openLpips(
  source: LpipsSource = 'imagenet',
  options: LpipsOptions = {},
): Promise<Lpips> {
  if (!(source instanceof Model)) await startBackend(options.backend)
  const { network, variant, preparation } = await openFeatures(source, options)
  try {
    const channels = network.outputs.map(({ shape }) => shape[3]!)
    const isTorchvision = variant === 'torchvision'
    const { linear = isTorchvision ? lpipsAlex : false } = options
    const { mean, std } = preparation
    return new Lpips({
      network,
      linear: linear === false ? undefined : await openLinear(linear, channels, options),
      // The authors' scaling belongs to their weights; another network has the one that it was trained with.
      ...(isTorchvision || linear !== false
        ? scaling
        : { shift: mean.map((x) => 2 * x - 1), scale: std.map((x) => 2 * x) }),
      smallestSize: smallestOf(network),
    })
  } catch (error) {
    network.dispose()
    throw error
  }
}

async function openFeatures(source: LpipsSource, options: LpipsOptions) {
  if (source instanceof Model) {
    const { preprocessing } = source
    const variant = source.variant
    return { variant, network: copied(source, variant), preparation: preprocessing }
  }
  const { checkpoint, path, published } = await openWeights(source, options)
  try {
    const described = fromMetadata(checkpoint.metadata, path)
    const variant =
      described?.options.variant ??
      ((options.variant ?? published?.architecture ?? byFilters(checkpoint, path)) as Variant)
    const architecture: Architecture = getArchitecture(variant)
    const network = buildFeatures(architecture)
    try {
      await loadLazyWeights(network, networkTensors(checkpoint, network))
    } catch (error) {
      network.dispose()
      if (error instanceof Error) error.message = `${path}: ${error.message}`
      throw error
    }
    return { variant, network, preparation: described?.preprocessing ?? architecture.preparation }
  } finally {
    await checkpoint.close()
  }
}

/** A network of the same convolutions, with weights of its own: layers of a LayersModel have one input. */
function copied(model: Model, variant: Variant): LayersModel {
  const network = buildFeatures(getArchitecture(variant))
  const own = new Map(modelWeights(model.network).map((weight) => [weight.name, weight]))
  for (const { name, variable } of modelWeights(network)) {
    variable.write(own.get(name)!.variable.read())
  }
  return network
}

/** The variant by the shapes of a file's filters; of files that say nothing, torchvision's are by far the most. */
function byFilters(checkpoint: OpenCheckpoint, path: string): Variant {
  const network = buildFeatures(getArchitecture('torchvision'))
  try {
    const tensors = networkTensors(checkpoint, network)
    const fits = modelWeights(network).every(
      ({ name, shape }) => tensors.get(name)?.shape.join() === shape.join(),
    )
    if (fits) return 'torchvision'
  } finally {
    network.dispose()
  }
  throw new ModelError(
    `${path} does not say which network it belongs to, and its filters are not those of torchvision's AlexNet: name the variant`,
  )
}

async function openLinear(
  linear: Exclude<NonNullable<LpipsOptions['linear']>, false>,
  channels: readonly number[],
  options: LpipsOptions,
): Promise<Float32Array[]> {
  if (isNumbers(linear)) return linearLayers(linear, channels, 'linear')
  const { checkpoint, path } = await openWeights(linear, options)
  try {
    return linearLayers(await readLinear(checkpoint), channels, path)
  } finally {
    await checkpoint.close()
  }
}

const isNumbers = (linear: object | string): linear is LinearWeights =>
  typeof linear === 'object' && Object.hasOwn(linear, 'lin0.model.1.weight')

/** Pixels a side of the smallest picture that reaches the last activation. */
function smallestOf(network: LayersModel): number {
  const reaches = (size: number) => {
    let shape: (number | null)[] = [null, size, size, 3]
    for (const layer of network.layers.slice(1)) {
      shape = layer.computeOutputShape(shape) as (number | null)[]
      if (shape.length === 4 && !(shape[1]! >= 1)) return false
    }
    return true
  }
  let size = 1
  while (!reaches(size)) size++
  return size
}
