// The methods of explanation by name, and what each shows.

/** What `explain` knows, and what each shows. */
export const explainMethods = {
  'grad-cam': 'where the last maps speak for the class',
  'guided-backprop': 'which edges and colours do',
  'guided-grad-cam': 'both at once',
  'integrated-gradients': 'what each pixel adds to its logit (red) or takes (blue)',
  saliency: 'the plain gradient',
  occlusion: 'what the class loses where the picture is covered',
  'feature-maps': 'the maps of a layer',
  'receptive-field': 'the pixels that one unit of a layer sees',
  neighbours: 'pictures of a data set that the network finds most alike',
  'top-patches': 'what in a data set excites each channel of a layer most',
  'class-visualization': 'a picture that a class likes best (takes no picture)',
} as const

export type ExplainMethod = keyof typeof explainMethods

/** Methods that look at the network, not at a picture. */
export const methodsWithoutPicture: readonly ExplainMethod[] = [
  'class-visualization',
  'top-patches',
]
