// The worker that places pictures on a map: a call a map.
import { expose } from 'comlink'
import {
  distancesOf,
  nearDuplicates,
  type Pair,
  type Point,
  placesOf,
  type Suspect,
  suspectLabels,
} from './picture-map.ts'
import type { Projection } from './projections.ts'

/** What features tell of pictures, by their places in the list. */
export interface MapOfPictures {
  points: Point[]
  /** The nearest of them, and how many there are. */
  duplicates: Pair[]
  pairs: number
  suspects: Suspect[]
}

/** Pairs that the page is told of: where all are alike, there are as many as the square of the pictures. */
const MOST_PAIRS = 100

const mapper = {
  place(features: Float32Array[], labels: string[], by: Projection): MapOfPictures {
    const distances = distancesOf(features)
    const pairs = nearDuplicates(distances, features.length)
    return {
      points: placesOf(features, by),
      duplicates: pairs.slice(0, MOST_PAIRS),
      pairs: pairs.length,
      suspects: suspectLabels(distances, labels),
    }
  },
}
export type Mapper = typeof mapper

expose(mapper)
