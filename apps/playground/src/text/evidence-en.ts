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
    lrn: 'The paper trains to the end; these runs have 8 epochs of a network with the paper’s layers at 32 pixels. The direction is the same, the size smaller, and about as large as the runs’ own deviation.',
    pooling:
      'The paper’s number is of ImageNet, trained for 90 epochs; these are 8 epochs at 32 pixels, where pools that do not overlap may lose more of small maps. The direction is the same; three runs each are few.',
    augmentation:
      'Crops and mirror images work against overfitting, which 8 epochs do not get to: here they cost more than they give, and the runs without them are ahead. The paper’s gain by colours is of long training on photographs.',
    dropout:
      'Dropout about doubles the steps to converge, as the paper says, and these runs end after 8 epochs, before overfitting sets in: without it the network is ahead here. The claim is of long training, which this does not test.',
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
