// Reading what Node and browsers read alike: Blobs and URLs.

import { PictureError } from './picture.ts'

/** A Blob's bytes. */
export async function readBlob(blob: Blob, path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await blob.arrayBuffer())
  } catch (cause) {
    throw new PictureError('can no longer be read; choose the file again', { path, cause })
  }
}

/** What a URL gives. */
export async function readUrl(url: string, path: string): Promise<Uint8Array> {
  let response: Response
  try {
    response = await fetch(url)
  } catch (cause) {
    throw new PictureError('cannot be reached; check the address and the network', { path, cause })
  }
  if (!response.ok) {
    await response.body?.cancel()
    throw new PictureError(`cannot be had (HTTP ${response.status}); check the address`, { path })
  }
  return new Uint8Array(await response.arrayBuffer())
}
