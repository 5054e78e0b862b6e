// What comes of a comparison, as `--json` prints it and reports tell it.

import type { Lpips } from '@alexnet/lpips'

/** What `--metric` takes. */
export type Metric = 'lpips' | 'ssim' | 'psnr' | 'all'

/** One pair, as `--json` prints it. */
export interface ComparedPair {
  /** The file's name, of folders its path in them. */
  name: string
  lpips?: number
  /** What each layer of the network adds to `lpips`. */
  layers?: number[]
  ssim?: number
  /** Decibels; null for the same picture. */
  psnr?: number | null
  /** The drawing that was written. */
  heat?: string
  failed: boolean
  /** Why it could not be compared. */
  problem?: string
}

export interface Comparison {
  metric: Metric
  /** Of lpips. */
  form?: Lpips['form']
  threshold: number | null
  /** How many of the pairs. */
  failed: number
  pairs: ComparedPair[]
}
