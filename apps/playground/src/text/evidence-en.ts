// What the page of the paper says of its figure, of the recorded runs and of why they differ, in English. Numbers of the
// paper: Krizhevsky, Sutskever and Hinton, 2012; those measured: docs/experiments.

export const evidenceEn = {
  figure: 'Two GPUs: figure 2, to be pressed',
  figureAbout:
    'A GTX 580 of 2012 had 3 GB, too little for this network: it was cut onto two. Each card has half of the filters of each layer, and they talk before some layers only (§3.2). Press a block, or reach it by Tab and Enter.',
  block: '{{name}}, card {{card}}: {{units}}',
  blockOfAll: '{{name}}: {{units}}',
  filters:
    'Each card has {{half, number}} filters of {{height}}×{{width}}, each over {{seen, number}} maps.',
  units:
    'Each card has {{half, number}} units, each over all {{seen, number}} of the layer before.',
  classes:
    '{{half, number}} units, one a class, each over all {{seen, number}} of the layer before.',
  learns: 'The layer learns {{parameters, number}} numbers.',
  first: 'Both cards see the same picture: nothing crosses.',
  stays: 'Each card sees its own maps alone: nothing crosses.',
  crosses:
    'Before it, each card sends its half of the layer before to the other: {{places}} numbers of {{size}} bytes, {{bytes, number}} bytes a picture each way.',
  crossesAll:
    'All in all {{bytes, number}} bytes a picture cross each way going forward, and the gradients take the same way back: with the {{batch}} pictures of a step {{step, number(maximumFractionDigits: 1)}} MB each way. Where every layer saw both cards it would be more; the paper says that the cut lowers top-1 and top-5 error by 1.7 and 1.2 points beside a network of half as many filters on one card.',
  atWork: 'See such a layer at work',
  claimed: 'Claimed.',
  differs: 'Why it differs.',
  see: 'See it.',
  play: 'Replay',
  pause: 'Pause',
  playOf: 'Replay: {{name}}',
  pauseOf: 'Pause: {{name}}',
  scrub: 'Epoch shown: {{name}}',
  epoch: 'epoch {{epoch}} of {{epochs}}',
  why: {
    relu: 'The paper has one network, without regularisation, at a learning rate chosen for each function; these are runs of a network like it on the same CIFAR-10, at rates of our choice: another rate moves the crossing. The order is the same. tanh had not got there when its runs ended, so that its factor is a lower bound.',
    lrn: 'The paper’s CIFAR-10 numbers are of another network; these are 60 epochs of one with the paper’s layers at 32 pixels, one run each. The direction is the same, and it is new pictures that it helps with: on those that they learned from, both networks are wrong in 9%.',
    pooling:
      'The paper’s gain, under half a point on ImageNet, is smaller than what chance moves here: one run each of 60 epochs at 32 pixels, and 2×2 is ahead by a quarter of a point. In runs of 8 epochs it was 1.4 points behind.',
    augmentation:
      'As the paper says, once training is long enough: in runs of 8 epochs the network without crops and mirror images was ahead; after 60 it knows its 50,000 pictures by heart (0.1% error on them, 9.1% with) and is five points behind on new ones. The colours give 0.4 points, where the paper has more than one, which may be chance.',
    dropout:
      'It does narrow the gap between new pictures and those learned from, five points in place of seven, but costs as much in fit: after 60 epochs the network without it is still ahead by a third of a point, which may be chance. Crops and mirror images leave little to overfit, and this network has half a million weights where the paper’s has 60 million.',
    depth:
      'The paper leaves out layers of its own network; here LeNet-5 stands for a shallow one, which has fewer filters, too. The gap is of both, depth and width.',
  },
  seeAt: {
    relu: 'The function and its slope, in the tour; the race above is live.',
    lrn: 'Normalised maps, in the tour.',
    pooling: 'The window of a pool as it slides, in the tour.',
    augmentation: 'One picture cut anew, in the tour.',
    dropout: 'The answer without half of the units, in the tour.',
    depth: 'LeNet-5 at work, in the tour.',
  },
} as const
