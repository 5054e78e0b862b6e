// Grad-CAM: which places of the last maps speak for a class.
import * as tf from '@tensorflow/tfjs'
import {
  chainOf,
  inputTensor,
  lastMapLayer,
  logitOf,
  mapShape,
  read,
  run,
  targetClass,
} from './chain.ts'
import { type Attribution, guidedBackprop, type TargetOptions } from './gradients.ts'
import { type HeatMap, resizeMap } from './maps.ts'

export interface GradCamOptions extends TargetOptions {
  /** Layer whose maps are weighed. Default: the last activation whose output is maps, ReLU of conv5. */
  layer?: string
}

export interface GradCamMap extends HeatMap {
  /** The class that was explained. */
  target: number
  layer: string
}

/**
 * Grad-CAM: max(0, Σₖ αₖ Aᵏ) over the maps Aᵏ of a layer, αₖ being the mean over the map of the gradient
 * of the class's logit. Selvaraju et al., "Grad-CAM" (2017), arXiv:1610.02391, eq. 1 and 2. In the size of the
 * layer's maps: `resizeMap` brings it to the picture's.
 *
 * @throws OptionError on an unknown class or layer, or a layer without maps
 */
export async function gradCam(
  model: tf.LayersModel,
  input: Float32Array,
  options: GradCamOptions = {},
): Promise<GradCamMap> {
  const chain = chainOf(model)
  const layer = options.layer ?? lastMapLayer(chain)
  const [height, width] = mapShape(chain, layer)
  const target = await targetClass(chain, input, options.target)
  const map = tf.tidy(() => {
    const maps = run(chain, inputTensor(chain, input), { through: layer })
    const score = (x: tf.Tensor) =>
      tf.sum(logitOf(run(chain, x, { after: layer, gradient: true }), target))
    const weights = tf.mean(tf.grad(score)(maps), [1, 2], true)
    return tf.relu(tf.sum(tf.mul(maps, weights), 3))
  })
  return { height, width, data: await read(map), target, layer }
}

/**
 * Guided Grad-CAM: guided backpropagation times Grad-CAM's map in the picture's size. Selvaraju et al.
 * (2017), §3.2.
 */
export async function guidedGradCam(
  model: tf.LayersModel,
  input: Float32Array,
  options: GradCamOptions = {},
): Promise<Attribution> {
  const map = await gradCam(model, input, options)
  const guided = await guidedBackprop(model, input, { target: map.target })
  const { data: weight } = resizeMap(map, guided.height, guided.width)
  const data = guided.data.map((value, i) => value * weight[Math.floor(i / guided.channels)]!)
  return { ...guided, data }
}
