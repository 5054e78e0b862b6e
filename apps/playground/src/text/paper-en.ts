// What the page of the paper says, in English: its claims, and what was measured of them.

export const paperEn = {
  paper: {
    said: '2012. What it says made the difference, and what this project measured.',
    claims: 'What it claims, and what was measured here',
    also: 'Also measured',
    source: 'The source says: {{claim}}.',
    measured: 'Measured here.',
    notMeasured: 'Not measured by this project yet: this does it.',
    notMeasuredSome: 'Not measured by this project yet ({{missing}}): this does it.',
    chartAlt: '{{title}}. {{error}} at the end: {{numbers}}',
    error: { test: 'Test error', training: 'Training error', 'kept-out': 'Validation error' },
    errorAxis: '{{error}}, %',
    epoch: 'epoch',
    table: 'Table: {{label}}',
    network: 'Network',
    epochsTo: 'Epochs to {{target}}%',
    runs: 'Runs',
    notReached: 'not reached',
    oneRun: 'One run tells no deviation: small differences may be chance.',
    raceLabel: 'Live race',
    race: 'ReLU against tanh, live',
    raceAbout:
      'Two AlexNets for 32×32 pictures that differ in nothing but this function learn the ten drawn shapes from the same batches, in turn. Drawings keep them close; on photographs they part, as measured below.',
    startRace: 'Start the race',
    stopRace: 'Stop the race',
    raceStopped: 'The race stopped ({{reason}}).',
    after: 'After {{pictures}} pictures: ReLU {{relu}} wrong, tanh {{tanh}}.',
    notStarted: 'Not started.',
    raceAlt: 'Training error over pictures seen. {{summary}}',
    seen: 'pictures seen',
    raceAxis: 'training error',
  },
  claims: {
    relu: 'ReLU trains faster than tanh (§3.1)',
    reluText:
      'A four-layer network with ReLUs reaches 25% training error on CIFAR-10 six times faster than the same one with tanh.',
    lrn: 'Local response normalisation helps (§3.3)',
    lrnText:
      "It lowers top-1 and top-5 error by 1.4 and 1.2 points on ImageNet, and a four-layer network's test error on CIFAR-10 from 13% to 11%.",
    pooling: 'Overlapping pooling helps a little (§3.4)',
    poolingText:
      'Windows of 3×3 every 2 pixels in place of 2×2 lower top-1 and top-5 error by 0.4 and 0.3 points, and the network overfits a little less.',
    augmentation: 'More pictures out of the same ones (§4.1)',
    augmentationText:
      'Crops and mirror images keep the network from overfitting; changing the colours along their principal components lowers top-1 error by more than a point.',
    dropout: 'Dropout against overfitting (§4.2)',
    dropoutText:
      'Half of the hidden units of the first two fully connected layers are dropped at each step. Without it the network overfits; it about doubles the steps to converge.',
    depth: 'Larger and deeper than LeNet-5 (§1)',
    depthText:
      'Depth matters: leaving out any convolutional layer loses about 2 points of top-1 (§7). LeNet-5 of 1998 has two convolutions and 60 thousand parameters, AlexNet five and 60 million.',
  },
  verdict: {
    reaches: '{{name}} does',
    reachesNot: '{{name}} does not',
    times: '{{name}} takes {{times}} times as many epochs',
    notIn: '{{name}} does not in {{epochs}}, {{times}} times as many',
    notAlways: '{{name}} does not always in {{epochs}}, {{times}} times as many',
    after: 'after {{epochs}} epochs',
    never: 'never',
    reached: '{{error}} of {{target}}%: {{name}} reaches it {{own}}; {{others}}.',
    more: '{{name}} it is {{points}} points more',
    less: '{{name}} it is {{points}} points less',
    own: '{{error}}% with {{name}}',
    atEnd: '{{error}} at the end: {{own}}; {{others}}.',
    join: '; ',
  },
} as const
