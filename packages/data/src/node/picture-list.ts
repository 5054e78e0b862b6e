// Lists of pictures on Node, and single ones.

import type { Dataset } from '../dataset.ts'
import type { DecodeOptions } from '../decode.ts'
import type { Picture } from '../picture.ts'
import {
  createPictureList,
  decodeFile,
  type ListedPicture,
  type PictureFile,
  type PictureListOptions,
} from '../sources.ts'
import { shownPath } from './file-names.ts'
import { nodePlatform } from './platform.ts'

/** A data set of a list of files, URLs, Blobs or bytes with their labels. */
export function pictureList(
  list: readonly ListedPicture[],
  options: PictureListOptions = {},
): Dataset {
  return createPictureList(list, options, nodePlatform)
}

/**
 * Decodes a JPEG, PNG, WebP, GIF (its first frame) or AVIF picture of any kind to 8-bit RGB, upright.
 * @param picture A file's bytes, or where they are: a Blob, a URL, a path.
 * @throws PictureError, one line with the path, for a file that cannot be read, for bytes that are no such
 *   picture, are cut off or damaged, or whose size is beyond the limits.
 */
export async function decodePicture(
  picture: PictureFile,
  options: DecodeOptions = {},
): Promise<Picture> {
  return decodeFile(picture, nodePlatform, options)
}

/**
 * Reads and decodes a picture file.
 * @throws PictureError as `decodePicture` does.
 */
export async function readPicture(
  path: string | URL,
  options: Omit<DecodeOptions, 'path'> = {},
): Promise<Picture> {
  const shown = typeof path === 'string' ? shownPath(path) : undefined
  return decodeFile(path, nodePlatform, { ...options, path: shown })
}
