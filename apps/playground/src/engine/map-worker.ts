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
  duplicates: Pair[]
  suspects: Suspect[]
}

const mapper = {
  place(features: Float32Array[], labels: string[], by: Projection): MapOfPictures {
    const distances = distancesOf(features)
    return {
      points: placesOf(features, by),
      duplicates: nearDuplicates(distances, features.length),
      suspects: suspectLabels(distances, labels),
    }
  },
}
export type Mapper = typeof mapper

expose(mapper)
