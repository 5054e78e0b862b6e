// What a .tflite file tells beside its graph, in the form that MediaPipe and Android's code generator read: how
// pictures are prepared, and the classes' names, in a file of an archive that follows the model.
// https://github.com/google-ai-edge/mediapipe/blob/master/mediapipe/tasks/metadata/metadata_schema.fbs

import { zipSync } from 'fflate'
import type { PixelNormalization } from '../network/preparation.ts'
import { TableWriter } from './tables.ts'

/** Name of the metadata among a file's. */
export const METADATA_NAME = 'TFLITE_METADATA'

/** Name of the file with the classes' names. */
const LABELS_FILE = 'labels.txt'

export interface ModelMetadata {
  name: string
  /** Names of the graph's input and output. */
  input: string
  output: string
  /** How pictures have to be normalised before they come; undefined where the graph does it. */
  normalizedBy?: PixelNormalization
  hasLabels: boolean
}

/** The metadata's own FlatBuffer. */
export function encodeModelMetadata(model: ModelMetadata): Uint8Array<ArrayBuffer> {
  const tables = new TableWriter()
  const input = tables.table([
    { offset: tables.text(model.input) },
    { offset: tables.text('Pictures, RGB, pixel by pixel') },
    undefined,
    { offset: imageContent(tables) },
    model.normalizedBy && {
      offset: tables.offsets([normalizationUnit(tables, model.normalizedBy)]),
    },
  ])
  // TENSOR_AXIS_LABELS: a name for each number of the output.
  const labels = () => tables.table([{ offset: tables.text(LABELS_FILE) }, undefined, { byte: 2 }])
  const output = tables.table([
    { offset: tables.text(model.output) },
    { offset: tables.text('A number for each class') },
    undefined,
    undefined,
    undefined,
    undefined,
    model.hasLabels ? { offset: tables.offsets([labels()]) } : undefined,
  ])
  const subgraph = tables.table([
    undefined,
    undefined,
    { offset: tables.offsets([input]) },
    { offset: tables.offsets([output]) },
  ])
  const root = tables.table([
    { offset: tables.text(model.name) },
    undefined,
    undefined,
    { offset: tables.offsets([subgraph]) },
    undefined,
    undefined,
    undefined,
    { offset: tables.text('1.0.0') },
  ])
  return tables.finish(root, 'M001')
}

/** Content of the kind ImageProperties, its colours RGB. */
function imageContent(tables: TableWriter): number {
  return tables.table([{ byte: 2 }, { offset: tables.table([{ byte: 1 }]) }])
}

/** NormalizationOptions: (pixel − mean) / std, pixels from 0 to 255. */
function normalizationUnit(tables: TableWriter, { mean, std }: PixelNormalization): number {
  const scaled = (values: ArrayLike<number>) =>
    tables.floats(Float32Array.from(values, (value) => 255 * value))
  const options = tables.table([{ offset: scaled(mean) }, { offset: scaled(std) }])
  return tables.table([{ byte: 1 }, { offset: options }])
}

/**
 * The archive with the classes' names, one a line, for the end of a file.
 *
 * @param start bytes before it, from which its offsets count, as some readers take them
 */
export function labelsArchive(labels: readonly string[], start: number): Uint8Array<ArrayBuffer> {
  const lines = labels.map((label) => label.replace(/\s+/g, ' ')).join('\n')
  const mtime = new Date(1980, 0, 1)
  const archive = zipSync({ [LABELS_FILE]: new TextEncoder().encode(lines) }, { level: 0, mtime })
  // The end of the archive says where its list begins, and the list's only row where the file does.
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength)
  const place = archive.byteLength - 6
  const list = view.getUint32(place, true)
  view.setUint32(list + 42, start, true)
  view.setUint32(place, start + list, true)
  return archive
}
