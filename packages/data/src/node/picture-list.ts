// Lists of pictures on Node.

import type { Dataset } from '../dataset.ts'
import { createPictureList, type ListedPicture, type PictureListOptions } from '../sources.ts'
import { nodePlatform } from './platform.ts'

/** A data set of a list of files, URLs, Blobs or bytes with their labels. */
export function pictureList(
  list: readonly ListedPicture[],
  options: PictureListOptions = {},
): Dataset {
  return createPictureList(list, options, nodePlatform)
}
