// What an explanation is: what it needs of a model, what it is asked, what it gives, and how a method draws it.

import type { ColorMap, HeatMap } from '@alexnet/core/explain'
import type { Dataset, Picture, Preprocessing } from '@alexnet/data'
import type { LayersModel } from '@tensorflow/tfjs'
import type { ExplainMethod } from './methods.ts'
import type { PictureInput } from './pictures.ts'

/** What an explanation needs of a model. */
export interface ExplainedModel {
  readonly network: LayersModel
  readonly labels: readonly string[]
  readonly preprocessing: Preprocessing
  readonly inputSize: number
  logits(inputs: Float32Array): Promise<Float32Array[]>
  outputs(inputs: Float32Array, options: { layer?: string }): Promise<{ data: Float32Array }[]>
  features(
    pictures: AsyncIterable<PictureInput>,
    options: { layer: string },
  ): AsyncIterable<{ data: Float32Array }>
}

export interface ExplainOptions {
  /** Default 'grad-cam'. */
  method?: ExplainMethod
  /** The class that is explained, by number or name. Default the likeliest. */
  target?: number | string
  /** Name of the layer that is looked at. Default: the method's usual one. */
  layer?: string
  /** receptive-field: the unit's place. Default the middle. */
  unit?: { row: number; column: number }
  /** top-patches: one channel alone. Default the first 32. */
  channel?: number
  /** neighbours, top-patches: the pictures to look among. */
  pictures?: Dataset
  /** Of those, at most so many, evenly over the data set. Default 1000. */
  limit?: number
  /** neighbours, top-patches: how many to show. Default 9. */
  count?: number
  /** integrated-gradients, class-visualization: steps. Default: core's. */
  steps?: number
  /** occlusion: pixels a side of the cover, and between its places. Default: core's. */
  size?: number
  stride?: number
  /** Default 'inferno'; maps of a layer 'viridis'. */
  colors?: ColorMap
  /** The drawing beside the picture, over it (maps of heat), or alone. Default 'beside'. */
  layout?: 'beside' | 'over' | 'alone'
  /** Pixels a side of the picture in the drawing, at least. Default 448. */
  side?: number
  /** Told while something long goes on. */
  onProgress?: (done: number, total: number) => void
}

/** Numbers a place, `data[(row * width + column) * channels + channel]`. */
export interface ExplanationMap extends HeatMap {
  channels?: number
}

/** What a method found. */
export interface Explanation {
  method: ExplainMethod
  /** The drawing. */
  picture: Picture
  /** What was found, in the size that the method gives it; none of methods that show pictures. */
  map?: ExplanationMap
  /** The class that was explained, and what the network gives it. */
  target?: { index: number; label: string; probability?: number }
  /** The layer that was looked at. */
  layer?: string
}

/** A model and the picture that it is asked about. */
export interface Subject {
  model: ExplainedModel
  network: LayersModel
  /** The prepared picture. */
  input: Float32Array
  /** The part of the picture that the network sees, large enough to look at. */
  view: Picture
  target: number | undefined
}

/** What a method makes of it. */
export interface Drawing {
  picture: Picture
  map?: ExplanationMap
  target?: { index: number; probability?: number }
  layer?: string
}

export type Draw = (subject: Subject, options: ExplainOptions) => Promise<Drawing>
