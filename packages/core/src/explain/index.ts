// Explanations: what a network sees in a picture, and what its parts are for.
export * from './class-visualization.ts'
export { type Filters, featureMaps, filterMap, filtersOf } from './feature-maps.ts'
export * from './grad-cam.ts'
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
export * from './neighbours.ts'
export * from './occlusion.ts'
export * from './picture.ts'
export * from './receptive-field.ts'
export * from './switch-off.ts'
export * from './top-patches.ts'
