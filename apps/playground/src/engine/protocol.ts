// What goes between the page and its workers: plain data, no tensors, no DOM. The calls themselves are the
// public methods of `Engine`, `TrainingEngine` and `Measurer`, carried by Comlink.

import type { ExplainMethod, Prediction } from '@alexnet/model'
import type { WeightRecord } from '@alexnet/weights'

export type { TakenPage, TakenWeights } from '../take-away/taken.ts'
export type { Prediction }

/** A picture's pixels, red, green, blue and alpha, as a canvas takes them. */
export interface Pixels {
  width: number
  height: number
  data: Uint8ClampedArray<ArrayBuffer>
}

/** A picture as the page has it: a file, or what a camera or a drawing gave. */
export interface PageImage {
  id: string
  name: string
  blob: Blob
  /** Its name in an address, where it came with the page. */
  sample?: string | undefined
  /** Its class, where it came with one. */
  label?: string | undefined
}

export const backendNames = ['cpu', 'webgl', 'webgpu'] as const
export type BackendName = (typeof backendNames)[number]
export const backendTitles: Record<BackendName, string> = {
  cpu: 'CPU (WebAssembly)',
  webgl: 'WebGL',
  webgpu: 'WebGPU',
}
/** What the user picks; `auto` takes the fastest that works. */
export type BackendChoice = 'auto' | BackendName

export interface BackendInfo {
  name: string
  device: string
  features: string[]
  /** Those before it in the list, and why each was passed over. */
  skipped: { name: string; reason: string }[]
}

/** Where a model comes from. */
export type ModelSource =
  | {
      kind: 'bundled'
      name: string /** Its file, where it is there already. */
      bytes?: Uint8Array
    }
  | { kind: 'files'; files: File[] }
  | {
      kind: 'download'
      name: string /** Of a model that the page's owner offers. */
      record?: OfferedModel
    }

/** A model that the page's owner offers: a file, or a list of pieces. */
export type OfferedModel = OfferedFile | OfferedPieces

/** Weights in pieces, as `alexnet convert --to shards` writes them; the file says all that belongs to them. */
export interface OfferedPieces {
  name: string
  description: string
  /** Of all pieces, where that is known before they are asked for. */
  bytes?: number | undefined
  /** The address of the list. */
  pieces: string
}

/** A record of weights as models.json has it: its labels in a list. */
export interface OfferedFile
  extends Pick<
    WeightRecord,
    'name' | 'description' | 'urls' | 'bytes' | 'sha256' | 'architecture' | 'preprocessing'
  > {
  labels: string[]
}

export interface ModelInfo {
  name: string
  description: string
  variant: string
  labels: string[]
  inputSize: number
  parameters: number
  /** Whether its file holds int8 weights. */
  isInt8: boolean
}

/** What a picture is found to be. */
export interface Classified {
  id: string
  name: string
  top: Prediction[]
  milliseconds: number
}

/** One layer of the network as the page draws it. */
export interface LayerInfo {
  name: string
  kind: string
  /** [height, width, channels] or [units]. */
  shape: number[]
  parameters: number
  multiplyAdds: number
  receptiveField: number
  /** Whether the layer as a whole can be switched off. */
  switchable: boolean
  hasFilters: boolean
  /** Whether its units are the classes. */
  isOfClasses: boolean
}

/** A part of the network that is off: a layer, or some of its channels. */
export interface Part {
  layer: string
  channels?: number[]
}

/** Tiles on one sheet, `columns` a row with a pixel between and around them: the first ones, where all are too many. */
export interface TileSheet {
  pixels: Pixels
  columns: number
  tileWidth: number
  tileHeight: number
  shown: number
}

/** The maps of a layer; units without places are a pixel each, with none between. */
export interface MapSheet extends TileSheet {
  isLine: boolean
}

/** A layer as the drawing of the network has it. */
export interface LayerFace {
  name: string
  /** Its most varied map; a strip of its units where it has no maps. */
  face: Pixels
  /** The nine most varied maps; the strip. */
  preview: Pixels
  isLine: boolean
}

/** One unit of a layer, looked at closely. */
export interface UnitView {
  value: number
  /** The pixels it sees, in the prepared picture. */
  field: { top: number; left: number; height: number; width: number }
  /** The picture with a frame around them. */
  framed: Pixels
  /** The patch itself. */
  patch: Pixels
  /** The filter of its channel, where the layer is a convolution. */
  filter?: Pixels
  /** The map of its channel, where the layer has maps. */
  map?: Pixels
}

/** A map of the layer before, and what a unit sees of it: a place past the border may be among that. */
export interface MapWindow {
  pixels: Pixels
  window: { top: number; left: number; height: number; width: number }
}

/** What a unit of a pool takes its value from. */
export interface PoolWindow {
  seen: MapWindow
  /** The window itself, as far as the map goes. */
  patch: Pixels
  /** The largest of the window, by its place there; undefined where the pool averages. */
  winner: { row: number; column: number; value: number } | undefined
}

/** What the softmax makes of one class's logit. */
export interface SoftmaxTerm {
  index: number
  logit: number
  /** e to the power of the logit less the largest one. */
  exp: number
  /** Of the sum of all of those. */
  share: number
}

export interface SoftmaxTerms {
  /** The largest logits, largest first, and the chosen one. */
  terms: SoftmaxTerm[]
  largest: number
  sum: number
  /** What the classes add that are not among the terms, and how many they are. */
  others: number
  unlisted: number
}

/** What one channel adds to a unit of a convolution. */
export interface SumTerm {
  channel: number
  sum: number
  /** As large as the filter, red above zero and blue below; zeros where it looks past the border. */
  input: Pixels
  weights: Pixels
  product: Pixels
}

/** A unit of a convolution as the sum that it is. */
export interface UnitSum {
  /** The colours, or the channels that add or take most. */
  terms: SumTerm[]
  isColour: boolean
  /** How many channels the filter sees. */
  channels: number
  /** Of these the one that the filter weighs most, as a whole; undefined where it sees the picture's colours. */
  seen: (MapWindow & { channel: number }) | undefined
  /** What the channels add that are not among the terms. */
  others: number
  bias: number
  total: number
  /** What the ReLU behind it makes of that, where one is. */
  relu: number | undefined
}

export const heatMethods = [
  'grad-cam',
  'guided-backprop',
  'guided-grad-cam',
  'saliency',
  'integrated-gradients',
  'occlusion',
] as const satisfies readonly ExplainMethod[]
export type HeatMethod = (typeof heatMethods)[number]

/** How far apart two pictures look. */
export interface ComparisonView {
  /** `lpips`: with weights learned from people's judgements; `plain`: every channel counts the same. */
  form: 'lpips' | 'plain'
  distance: number
  /** What each layer adds to the distance, from the first on. */
  layers: number[]
  first: Pixels
  second: Pixels
  /** The distance at each pixel, drawn over the first picture. */
  map: Pixels
  /** The distance at the pixel where it is largest, which has the brightest colour. */
  largest: number
  /** Whether the second picture's shape was not the first one's. */
  isResized: boolean
}

/** How far apart two pictures are, layer by layer; `form` as that of ComparisonView. */
export type LayerDistances = Pick<ComparisonView, 'form' | 'distance' | 'layers'>

/** A picture as the network gets it, and what it is found to be. */
export interface Answered {
  pixels: Pixels
  top: Prediction[]
}

/** A picture nudged away from a class. */
export interface NudgeView {
  target: number
  before: Answered
  after: Answered
  /** From black, a step down, to white, a step up; grey where nothing changed. */
  difference: Pixels
}

/** What switching parts off does to the answer. */
export interface SwitchOffView {
  whole: Prediction[]
  without: Prediction[]
}

/** A patch that excites a channel; a whole picture where its layer has no maps. */
export interface LikedPatch {
  /** The picture that it is from. */
  name: string
  activation: number
  pixels: Pixels
}

/** A picture that the network finds alike. */
export interface Alike {
  id: string
  /** Euclidean, between features. */
  distance: number
}

/** Shown a picture that grows, as far as it is. @returns whether it goes on */
export type OnGrown = (pixels: Pixels, step: number, steps: number) => Promise<boolean>

/** A frame of the camera as the network sees it. */
export interface LiveView {
  top: Prediction[]
  /** The maps of a layer that are strongest over the last frames, strongest first. */
  maps: { channel: number; pixels: Pixels }[]
  milliseconds: number
  /** What the worker holds between frames, of tensors and of bytes in them. */
  held: { tensors: number; bytes: number }
}

/** Called while something long goes on. */
export type OnProgress = (done: number, total: number) => void
