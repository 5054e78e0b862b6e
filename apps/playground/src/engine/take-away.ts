// A model as files that leave the page: its weights, and a zip with a page that classifies by them.
import type { Model } from '@alexnet/model'
import { type Zippable, zipSync } from 'fflate'
import type { TakenModel, TakenPage, TakenWeights } from '../take-away/taken.ts'

/** The file of weights, as safetensors with all that belongs to them. */
export async function weightsFile(
  model: Model,
  weights: TakenWeights,
): Promise<Uint8Array<ArrayBuffer>> {
  return model.save('bytes', { quantize: weights === 'float32' ? undefined : weights })
}

/** The page, its script, and the model as a script beside them. @throws Error when the script cannot be fetched */
export async function pageZip(
  model: Model,
  { title, file, html, script, weights }: TakenPage,
): Promise<Blob> {
  const response = await fetch(script)
  if (!response.ok) throw new Error(`${script} could not be fetched (${response.status})`)
  const taken: TakenModel = {
    title,
    name: file,
    base64: base64Of(await weightsFile(model, weights)),
  }
  const text = new TextEncoder()
  const files: Zippable = {
    'index.html': text.encode(html),
    'classifier.js': new Uint8Array(await response.arrayBuffer()),
    // Weights are noise, which no effort makes smaller than the bytes that base64 stands for.
    'model.js': [text.encode(`globalThis.takenModel = ${JSON.stringify(taken)}\n`), { level: 1 }],
  }
  return new Blob([zipSync(files, { level: 9 })], { type: 'application/zip' })
}

/** Bytes that become text at a time: a multiple of three, so that the pieces join, and few enough for one call. */
const PIECE = 3 * 8192

function base64Of(bytes: Uint8Array): string {
  const pieces: string[] = []
  for (let at = 0; at < bytes.length; at += PIECE) {
    pieces.push(btoa(String.fromCharCode(...bytes.subarray(at, at + PIECE))))
  }
  return pieces.join('')
}
