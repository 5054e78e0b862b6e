// What the live page says, in English.

export const liveEn = {
  about:
    'The camera, frame after frame as fast as the network answers. No frame leaves this device, and none is kept.',
  start: 'Start the camera',
  stop: 'Stop the camera',
  freeze: 'Freeze',
  hint: 'The space bar freezes, too.',
  frozen: 'Frozen at {{label}}, {{share}}.',
  layer: 'Maps of',
  none: 'no layer',
  answer: 'The answer',
  maps: 'The strongest maps of {{layer}} over the last frames',
  mapAlt: 'Map {{channel}} of {{layer}}',
  map: 'map {{channel}}',
  rate: 'frames a second',
  each: 'milliseconds each',
  frames: 'frames so far',
  held: 'tensors held',
} as const
