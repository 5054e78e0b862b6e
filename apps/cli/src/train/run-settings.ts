// What is kept of a run, as run.json has it.

import type { AlexNetOptions, Variant } from '@alexnet/core'
import type { ColorPca, Preprocessing } from '@alexnet/data'
import type { Recipe } from '@alexnet/train'
import type { OnBroken } from '../pictures.ts'

/** A recipe with nothing left open but what it does not use. */
export interface ResolvedRecipe extends Recipe {
  name: string
  variant: Variant
  augmentation: string
}

/** The resolved settings of a run, as run.json keeps them. */
export interface RunSettings {
  format: 2
  dataset: string
  fingerprint: string
  recipe: ResolvedRecipe
  /** What it began with, for a run that did not begin with random weights. */
  from: string | null
  model: AlexNetOptions
  labels: string[]
  preprocessing: Preprocessing
  /** How the colours of its training pictures vary, where its augmentation follows them. */
  colorPca?: ColorPca
  microBatch: number | null
  validation: number
  limit: number | null
  /** What is done at a picture that cannot be used; default stop. */
  onBroken?: OnBroken
  seed: number
  /** Programs that it began with. */
  versions: Record<string, string>
}

/** Weights to begin with: what they are of, and how their pictures are prepared. */
export interface StartingPoint {
  options: AlexNetOptions
  preprocessing: Preprocessing
}
