// The lists that a command's or a page's choices are made of, apart from all that computes: importing them loads no
// TensorFlow.js.

export { type ModelFormat, modelFormats } from './formats.ts'
export { type ExplainMethod, explainMethods, methodsWithoutPicture } from './methods.ts'
