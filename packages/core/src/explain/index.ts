// @alexnet/core/explain: what a network sees in a picture, and what its parts are for.

export {
  type ClassVisualization,
  type ClassVisualizationOptions,
  visualizeClass,
} from './class-visualization.ts'
export {
  type FastGradientSign,
  type FastGradientSignOptions,
  fastGradientSign,
} from './fast-gradient-sign.ts'
export { type Filters, featureMaps, filterMap, filtersOf } from './feature-maps.ts'
export { type GradCamMap, type GradCamOptions, gradCam, guidedGradCam } from './grad-cam.ts'
export {
  type Attribution,
  guidedBackprop,
  type IntegratedAttribution,
  type IntegratedGradientsOptions,
  integratedGradients,
  saliency,
  type TargetOptions,
} from './gradients.ts'
export {
  type ChannelMap,
  channelOf,
  channelSum,
  type HeatMap,
  magnitude,
  resizeMap,
} from './maps.ts'
export { type Neighbour, nearestNeighbours } from './neighbours.ts'
export { type OcclusionMap, type OcclusionOptions, occlusion } from './occlusion.ts'
export {
  type ColorMap,
  type ColorOptions,
  colorize,
  colorMaps,
  colorsOf,
  type Drawing,
  outline,
  overlay,
  type SheetOptions,
  sheet,
  unprepared,
} from './picture.ts'
export { type Field, receptiveField } from './receptive-field.ts'
export {
  featureMapsWithout,
  type Part,
  type SwitchOffResult,
  switchableLayers,
  switchOff,
} from './switch-off.ts'
export { type Patch, type TopPatchesOptions, topPatches } from './top-patches.ts'
