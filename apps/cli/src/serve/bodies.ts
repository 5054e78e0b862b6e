// Pictures out of a request: one as the body itself, several as multipart, or as JSON with base64. What is sent is held
// against limits before it is kept, and before it is decoded.

import { decodePicture, type Picture } from '@alexnet/data'
import { Problem } from './problem.ts'

export interface BodyLimits {
  /** Of a body. */
  maxBytes: number
  /** Of a request's pictures together. */
  maxPixels: number
  /** Of a request. */
  maxPictures: number
}

/** A picture's file as it was sent. */
export interface SentPicture {
  /** The field that it came in: `a` and `b` are compared. */
  field: string
  /** A file's name, or its number. */
  name: string
  bytes: Uint8Array
}

/**
 * The picture files of a request.
 *
 * @throws Problem 400 for a body that is not what its type says, 413 for too large a one, 415 for other types
 */
export async function picturesIn(request: Request, limits: BodyLimits): Promise<SentPicture[]> {
  const type = request.headers.get('content-type')?.toLowerCase() ?? ''
  const kind = type.split(';')[0]!.trim()
  const isRaw = kind.startsWith('image/') || kind === 'application/octet-stream'
  if (!isRaw && kind !== 'multipart/form-data' && kind !== 'application/json') {
    throw new Problem(
      415,
      `send pictures as image/*, multipart/form-data or application/json, not as ${kind || 'a body without content-type'}`,
    )
  }
  const bytes = await readBody(request, limits.maxBytes)
  if (bytes.length === 0) throw new Problem(400, 'the body is empty: send a picture')
  const pictures = isRaw
    ? [{ field: 'picture', name: 'picture 0', bytes }]
    : kind === 'application/json'
      ? ofJson(bytes)
      : await ofForm(bytes, request.headers.get('content-type')!)
  if (pictures.length === 0) throw new Problem(400, 'the request holds no picture')
  if (pictures.length > limits.maxPictures) {
    throw new Problem(
      413,
      `${pictures.length} pictures are more than the ${limits.maxPictures} of a request`,
    )
  }
  return pictures
}

/**
 * The pictures of files, one after the other: a small file can hold many pixels, so all of a request share one limit.
 *
 * @throws PictureError on a broken picture, or one of more pixels than are left
 */
export async function decode(
  files: readonly SentPicture[],
  { maxPixels }: BodyLimits,
): Promise<(SentPicture & { picture: Picture })[]> {
  const decoded: (SentPicture & { picture: Picture })[] = []
  let left = maxPixels
  for (const file of files) {
    const picture = await decodePicture(file.bytes, { path: file.name, maxPixels: left })
    left -= picture.width * picture.height
    decoded.push({ ...file, picture })
  }
  return decoded
}

async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = () => new Problem(413, `the body is larger than the ${maxBytes} bytes allowed`)
  if (Number(request.headers.get('content-length')) > maxBytes) throw tooLarge()
  const parts: Uint8Array[] = []
  let size = 0
  try {
    for await (const part of request.body ?? []) {
      size += part.length
      if (size > maxBytes) throw tooLarge()
      parts.push(part)
    }
  } catch (error) {
    if (error instanceof Problem) throw error
    throw new Problem(400, 'the body did not arrive as a whole')
  }
  return Buffer.concat(parts)
}

async function ofForm(bytes: Uint8Array, type: string): Promise<SentPicture[]> {
  let form: FormData
  try {
    const body = new Response(bytes as Uint8Array<ArrayBuffer>, {
      headers: { 'content-type': type },
    })
    form = await body.formData()
  } catch {
    throw new Problem(400, 'the body is no multipart/form-data: its boundary or a part is broken')
  }
  const pictures: SentPicture[] = []
  for (const [field, value] of form) {
    if (typeof value === 'string') continue
    const file = new Uint8Array(await value.arrayBuffer())
    pictures.push({ field, name: value.name || `picture ${pictures.length}`, bytes: file })
  }
  return pictures
}

/** `{ "pictures": ["base64", …] }`, or `{ "pairs": [{ "a": "base64", "b": "base64" }, …] }`. */
function ofJson(bytes: Uint8Array): SentPicture[] {
  let body: { pictures?: unknown; pairs?: unknown } | null
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new Problem(400, 'the body is no JSON')
  }
  const { pictures, pairs } = body ?? {}
  if (Array.isArray(pictures)) {
    return pictures.map((text, index) => ofBase64(text, 'picture', `picture ${index}`))
  }
  if (Array.isArray(pairs)) {
    return pairs.flatMap((pair, index) =>
      (['a', 'b'] as const).map((side) => ofBase64(pair?.[side], side, `${side} of pair ${index}`)),
    )
  }
  throw new Problem(
    400,
    'the JSON must be { "pictures": ["base64", …] } or { "pairs": [{ "a": …, "b": … }, …] }',
  )
}

function ofBase64(text: unknown, field: string, name: string): SentPicture {
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(text)) {
    throw new Problem(400, `${name} is no base64`)
  }
  return { field, name, bytes: Buffer.from(text, 'base64') }
}
