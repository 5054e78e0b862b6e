// What the page to take a model away says, in English.

export const takeEn = {
  about:
    'The model at work, chosen above, to keep and to give away. Nothing of it needs this page any more.',
  title: 'What it is called',
  defaultTitle: 'My classifier',
  weights: 'Weights',
  float32: 'float32: {{size}} MB',
  float16: 'float16: {{size}} MB',
  int8: 'int8: {{size}} MB',
  same: '{{weights}}, with the same answers as here',
  making: 'Making {{name}} …',
  made: '{{name}}: {{size}} MB.',
  page: 'A page of its own',
  pageAbout:
    'A zip of three files. Unpacked, index.html opens by a double click or from any server, names pictures and what the camera sees, and needs no network.',
  savePage: 'Save the page (.zip)',
  size: 'About {{size}} MB of weights and half a megabyte of script.',
  tooLarge: 'These weights are too large to stand in a page: choose smaller ones above.',
  file: 'The file',
  fileAbout:
    'Weights, class names and the preparation of pictures in one safetensors file: this page, the command line and programs open it.',
  saveFile: 'Save the file',
  code: 'In a program',
  codeAbout: 'With the file beside it, after npm install @alexnet/model @tensorflow/tfjs.',
  forNode: 'In Node',
  forPage: 'In a page: main.js, beside an <input type="file"> and a <pre>',
  copy: 'Copy',
  copyThis: 'Copy: {{title}}',
  copied: 'Copied.',
  data: 'The pictures',
  dataAbout_one:
    'Your own picture, in a zip of class folders: bring it back on the page to train, or train on it by the command line.',
  dataAbout_other:
    'Your own {{count}} pictures, in a zip of class folders: bring them back on the page to train, or train on them by the command line.',
} as const
