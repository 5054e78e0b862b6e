// @alexnet/lpips: how different two pictures look to people, as a number. LPIPS (Zhang et al., 2018) on AlexNet.

export {
  type Distance,
  type DistanceOptions,
  type LpipsVersion,
  type PerceptualNetwork,
  perceptualDistance,
} from './distance.ts'
export { lpipsAlex } from './linear.ts'
export {
  type ComparedBy,
  type ComparedPictures,
  type CompareOptions,
  Lpips,
  type LpipsParts,
} from './lpips.ts'
export { type LpipsOptions, type LpipsSource, openLpips } from './open.ts'
