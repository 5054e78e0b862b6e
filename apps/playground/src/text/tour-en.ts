// "AlexNet in twelve steps", in English. Numbers of the paper: Krizhevsky, Sutskever and Hinton, 2012; those of VGG:
// Simonyan and Zisserman, 2015, table 3.

export const tourEn = {
  step: 'Step {{step}} of {{steps}}',
  steps: 'Steps',
  previous: 'Back: {{title}}',
  next: 'On: {{title}}',
  predict: 'Guess first',
  right: 'Right.',
  wrong: 'No: {{answer}}.',
  tryIt: 'Try.',
  live: 'The live network',
  takeModel: 'Take the model of this step',
  embed: 'To embed this step',
  variant: 'Variant',
  layer: 'Layer',
  sum: 'How it is worked out',
  parameters: 'Parameters',
  share: 'Share',
  total: 'Total',
  function: 'function',
  slope: 'slope',
  input: 'input',
  functionsAlt: 'ReLU, sigmoid and tanh over inputs from −6 to 6',
  slopesAlt: 'Slopes of ReLU, sigmoid and tanh over inputs from −6 to 6',
  dropAnew: 'Drop another half',
  dropped: 'Without {{off}} of the {{all}} units of {{layer}}',
  anew: 'Cut anew',
  twoGpus:
    'Filters and units on each of two cards; an orange line goes from one card to the other.',
  twoGpusAlt: 'The network on two cards. Layers that see both: {{across}}.',
  ours: "@alexnet/core's table",
  theirs: 'The same in PyTorch',
  lenet: {
    title: 'Before it: LeNet',
    text1:
      'In 1998 a network of two convolutions, two poolings and three further layers read the digits on bank cheques: LeNet-5, by Yann LeCun and others. Its idea is the one you will meet eight times over: a small window of weights slides over the picture, looks for one thing everywhere, and what it finds is the picture for the next layer.',
    text2:
      'For fourteen years that stayed a tool for small pictures. Photographs were told apart by features that people had thought out. Pictures with labels were few, and computers slow.',
    question: 'How many numbers does LeNet-5 learn?',
    a: 'about 62 thousand',
    b: 'about 600 thousand',
    c: 'about 60 million',
    answer:
      'The one beside this text has 62,006, for colour pictures and ten classes. AlexNet has a thousand times as many.',
    try: 'Choose the first “conv” and point at its maps: six windows of 5×5 pixels, six maps.',
  },
  eight: {
    title: 'Eight layers',
    text1:
      'AlexNet is LeNet, larger and deeper: five convolutions, then three fully connected layers, of which the last has a unit for each of 1000 classes. Behind each of them but the last stands a ReLU; behind the first, second and fifth a pooling halves the map.',
    text2:
      'Maps shrink, from 227×227 pixels to 55, 27, 13 and 6, while channels grow from 3 to 96, 256, 384 and back to 256: less and less where, more and more what. The paper took single layers out of the middle: each cost about two points of accuracy, so depth was worth its price.',
    question: 'Where do most of the 60 million numbers sit?',
    a: 'in the five convolutions',
    b: 'in the first fully connected layer',
    c: 'in the layer of the classes',
    answer:
      'The sixth layer joins 6×6×256 = 9216 values with 4096 units: 37.7 million weights. All convolutions together have 2.3 million, and do nine tenths of the arithmetic.',
    try: 'Walk along the boxes from left to right and watch the picture turn from edges to something only the network can read.',
  },
  conv1: {
    title: '96 filters of 11×11, by 4',
    text1:
      'The first layer must turn a large picture into few numbers at once. Its windows are large, 11×11 pixels in three colours, and step 4 pixels at a time: 227 pixels give 55 places a side, a sixteenth of the places of a step of 1.',
    text2:
      '96 such filters look for edges in all directions, for spots, and for pairs of colours. Nobody drew them: they are what training left. Those of the network beside are smaller, as its pictures are, and look for the same.',
    question: 'An 11×11 window steps 4 pixels over 227, no padding. How many places a side?',
    a: '54',
    b: '55',
    c: '57',
    answer:
      '(227 − 11) / 4 + 1 = 55. The paper says 224 pixels, which would give 54.25: a slip that has puzzled readers ever since, and that two pixels of padding mend in PyTorch’s version.',
    try: 'Point at a map: its filter is framed below, with the patch of the picture that the unit saw.',
  },
  deep: {
    title: 'Conv2 to conv5: parts of things',
    text1:
      'The second layer has 256 filters of 5×5, over maps and no longer over colours: it joins edges into corners, curves and textures. Three layers of 3×3 follow without pooling between them, 384, 384 and 256 filters: once the map is 13×13, small windows, three in a row, see as far as a large one and bend three times on the way.',
    text2:
      'What a unit sees of the picture, its receptive field, grows with each layer, from 11 pixels to 51, 99, 131 and 163 of 227: enough for an eye, a wheel, a face.',
    question: 'Conv3 has 384 filters over 256 maps. How many weights has one of its filters?',
    a: '3 × 3 = 9',
    b: '3 × 3 × 256 = 2304',
    c: '3 × 3 × 384 = 3456',
    answer:
      'A filter is as deep as its input: 3×3 of each of the 256 maps, 2304 weights and a bias. This is the one convolution of the paper after the first that sees all maps of the layer before.',
    try: 'Compare the maps of the last “conv” for two pictures: few are bright, and they differ.',
  },
  pooling: {
    title: 'Pools that overlap',
    text1:
      'A pooling keeps the largest value of a window and forgets where in it that stood: the map halves, and the network no longer minds a shift of a pixel.',
    text2:
      'Until then windows lay side by side. AlexNet’s are 3 wide and step by 2, so that neighbours share an edge. The paper measured less error, and saw that such networks overfit a little less.',
    question: 'By how much did overlapping lower the top-1 error?',
    a: 'by 0.4 points',
    b: 'by 4 points',
    c: 'not at all',
    answer:
      'By 0.4 points, and top-5 by 0.3: little, but for nothing: no weight is added. Nowadays a convolution that steps by 2 often stands in its place.',
    try: 'Choose a “max pool” and compare its maps with those of the layer before: the same, half as wide.',
  },
  groups: {
    title: 'Groups, and two GPUs',
    text1:
      'A GTX 580 of 2012 had 3 GB of memory: too little for this network and its training. So it was cut lengthwise: half of the maps on one card, half on the other. In conv2, conv4 and conv5 a filter sees the maps of its own card alone; conv3 and the fully connected layers see both.',
    text2:
      'A convolution in two groups is what that is called today. On the first layer the cards parted their work by themselves: one learned edges without colour, the other colours. Later networks use groups because they are cheap, not because cards are small.',
    question: 'What do two groups make of the number of conv2’s weights?',
    a: 'they halve it',
    b: 'nothing',
    c: 'they double it',
    answer:
      'They halve it: each filter is 48 maps deep in place of 96. 256 × 48 × 5 × 5 = 307,200 weights. A network in one piece, such as PyTorch’s, has thinner layers in the front to come out alike.',
    try: 'Compare “paper” and “torchvision” in the table: ÷ 2 stands where there are two groups.',
  },
  counting: {
    title: '60,965,224 numbers, counted',
    text1:
      'A convolution learns filters × channels it sees × height × width weights, and a bias for each filter. A fully connected layer learns inputs × units weights, and a bias for each unit. ReLU, pooling, normalisation and dropout learn nothing.',
    text2:
      'Added up that makes 60,965,224 for the network of the paper and 61,100,840 for the one in one column that torchvision has. Each line beside is worked out from the table that the network is built from.',
    question: 'Which of the two has more parameters?',
    a: 'the paper’s, of 96 first filters',
    b: 'torchvision’s, of 64 first filters',
    c: 'both the same',
    answer:
      'torchvision’s, by 135,616: fewer filters in front, but no groups. Nearly all of either sits in the same place, the first fully connected layer.',
    try: 'Choose another variant: LeNet-5 has 62,006.',
  },
  relu: {
    title: 'ReLU against sigmoid and tanh',
    text1:
      'Between two layers there must be a bend, or both would be one. LeNet’s were sigmoids and tanh: smooth, and flat at both ends. Where the curve is flat its slope is almost 0, and learning, which multiplies slopes layer by layer, comes to a stop.',
    text2:
      'A ReLU, max(0, x), has the slope 1 wherever it is on, costs a comparison, and leaves many of the values 0. In the paper a network of four layers got to 25% training error on CIFAR-10 six times as fast with it as with tanh.',
    question: 'What is the slope of a sigmoid at an input of 5?',
    a: '0.0066',
    b: '0.25',
    c: '1',
    answer:
      '0.0066: through three such layers, less than a millionth is left. Its steepest, at 0, is 0.25; tanh’s is 1 there; a ReLU’s is 1 all the way up.',
    try: 'Point at a “ReLU” and at the “conv” before it: what was below zero is gone. Then switch it off.',
  },
  lrn: {
    title: 'Normalisation that did not last',
    text1:
      'Neurons that fire hold their neighbours back. AlexNet copied that: a value is divided by a sum over the squares at the same place in the five channels around it, so that strong maps quieten the ones beside them (local response normalisation, LRN). The paper measured 1.4 points less top-1 error.',
    text2:
      'Two years later the authors of VGG trained one of their networks with and without it. Since 2015 batch normalisation stands in this place, and does more: it lets deeper networks train at all.',
    question: 'What did VGG find about LRN?',
    a: 'it helps deep networks more',
    b: 'it does not lower the error, and costs memory and time',
    c: 'training fails without it',
    answer:
      'Top-1 error 29.6% without and 29.7% with it. VGG left it out; torchvision’s AlexNet has none either.',
    try: 'The network beside has the paper’s layers. Switch an “LRN” off: the answer hardly changes, or does it?',
  },
  dropout: {
    title: 'Dropout',
    text1:
      '60 million numbers can learn 1.2 million pictures by heart, and then know only those. So in training, at each step, every unit of the first two fully connected layers is put to 0 with a chance of one half. No unit can count on another; each must be of use by itself.',
    text2:
      'It is like training many networks that share their weights. In use all units work, and what they give is scaled to match. The paper needs about twice as many steps for it, and overfits badly without.',
    question: 'Half of the last hidden units are missing. What will happen to the answer?',
    a: 'it is mostly the same, less sure',
    b: 'it is random',
    c: 'nothing changes at all',
    answer:
      'Mostly the same class, with a changed share: what is known is spread over many units. See for yourself, with as many halves as you like.',
    try: 'Press the button a few times. Here nothing is scaled up for what is missing.',
  },
  augmentation: {
    title: 'More pictures out of the same ones',
    text1:
      'A cat moved a little, or seen in a mirror, is a cat. In training AlexNet never sees a picture twice alike: of 256×256 pixels it gets a random cut of 224×224, mirrored half of the time, with the light’s colour shifted along the directions in which the pictures’ colours vary most.',
    text2:
      'It costs next to nothing: a processor cuts while the GPU learns. In use, ten cuts are averaged: four corners and the middle, and their mirror images. Without all this, says the paper, the network would have had to be much smaller.',
    question: 'By how much do cuts and mirror images multiply the pictures, by the paper’s count?',
    a: '10 times',
    b: '64 times',
    c: '2048 times',
    answer:
      '32 × 32 places for the cut, times two for the mirror: 2048. They are much alike, of course, which is why colours and dropout are needed, too.',
    try: 'These are cuts as the training in this page makes them. Then see “Ten views” on Classify.',
  },
  code: {
    title: 'As code, and what came of it',
    text1:
      'All of it fits on half a page. Beside are the table from which @alexnet/core builds the network and the same in PyTorch, made from that table: filters, size, step, padding, groups.',
    text2:
      'Two GPUs learned for five to six days, 90 times through 1.2 million pictures. In the autumn of 2012 the network won ImageNet’s contest. Within two years nearly all of its entrants were convolutional networks; VGG, GoogLeNet and ResNet went on from here.',
    question: 'The runner-up was wrong about 26.2% of pictures, with five guesses each. AlexNet?',
    a: '24.3%',
    b: '20.8%',
    c: '15.3%',
    answer:
      '15.3%, by seven networks averaged (one alone: 18.2% of the validation pictures). In the years before, the best had improved by a point or two.',
    try: 'Choose a variant, and copy the code: it runs as it is.',
  },
} as const
