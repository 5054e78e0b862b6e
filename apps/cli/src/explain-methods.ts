// The methods of `alexnet explain`: what --method may be, and what --help says of each.

/** What `--method` knows, and what each shows. */
export const methods = {
  'grad-cam': 'where the last maps speak for the class',
  'guided-backprop': 'which edges and colours do',
  'guided-grad-cam': 'both at once',
  'integrated-gradients': 'what each pixel adds to its logit (red) or takes (blue)',
  saliency: 'the plain gradient',
  occlusion: 'what the class loses where the picture is covered',
  'feature-maps': 'the maps of --layer',
  'receptive-field': 'the pixels that the unit --unit of --layer sees',
  neighbours: 'pictures of --dataset that the network finds most alike',
  'top-patches': 'what excites each channel of --layer most in --dataset',
  'class-visualization': 'a picture that --class likes best (takes no picture)',
} as const

export type Method = keyof typeof methods
