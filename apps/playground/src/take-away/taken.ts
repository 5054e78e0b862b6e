// What goes into a page that is taken away, between the playground, its worker and the page itself.

/** The numbers that a file of weights may hold. */
export const takenWeights = ['float32', 'float16', 'int8'] as const
export type TakenWeights = (typeof takenWeights)[number]

/** A page of its own that classifies by the model at work. */
export interface TakenPage {
  title: string
  /** What messages call the model's file. */
  file: string
  /** The page itself. */
  html: string
  /** Where its script is. */
  script: string
  weights: TakenWeights
}

/** What model.js leaves in the page. */
export interface TakenModel {
  /** What the page is called. */
  title: string
  /** Of the file of weights, for messages. */
  name: string
  /** The file, as safetensors with its description. */
  base64: string
}
