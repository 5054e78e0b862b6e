// Lists of pictures in browsers, and the ways by which a page gets pictures: files and folders that
// were dropped on it or chosen, and a camera's frames.

import type { Dataset } from '../dataset.ts'
import type { DecodeOptions } from '../decode.ts'
import type { Picture } from '../picture.ts'
import { decodeWith } from '../picture-source.ts'
import { createPictureList, type ListedPicture, type PictureListOptions } from '../sources.ts'
import { browserPlatform, pictureOf } from './platform.ts'

/** A data set of a list of URLs, Blobs, Files or bytes with their labels. */
export function pictureList(
  list: readonly ListedPicture[],
  options: PictureListOptions = {},
): Dataset {
  return createPictureList(list, options, browserPlatform)
}

const pictureName = /\.(jpe?g|png|webp|gif|avif)$/i

/**
 * The pictures among chosen files (`input.files`), labelled by the folder they lie in, in the order
 * of their paths.
 */
export function pictureFiles(files: Iterable<File>): ListedPicture[] {
  return listed(Array.from(files, (file) => ({ file, path: file.webkitRelativePath || file.name })))
}

/** The pictures among dropped files and folders, labelled by the folder they lie in. */
export async function droppedPictures(transfer: DataTransfer): Promise<ListedPicture[]> {
  // The entries must be taken before the first wait: the browser empties the transfer after it.
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry?.() ?? null)
  const found: { file: File; path: string }[] = []
  const visit = async (entry: FileSystemEntry | null): Promise<void> => {
    if (entry?.isFile) {
      const file = await new Promise<File>((resolve, reject) =>
        (entry as FileSystemFileEntry).file(resolve, reject),
      )
      found.push({ file, path: entry.fullPath.replace(/^\//, '') })
    } else if (entry?.isDirectory) {
      const reader = (entry as FileSystemDirectoryEntry).createReader()
      // A reader gives some hundred entries at a time, and none when it is at its end.
      for (;;) {
        const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
          reader.readEntries(resolve, reject),
        )
        if (some.length === 0) break
        for (const child of some) await visit(child)
      }
    }
  }
  for (const entry of entries) await visit(entry)
  return listed(found)
}

function listed(files: { file: File; path: string }[]): ListedPicture[] {
  return files
    .filter(({ path }) => pictureName.test(path) && !/(^|\/)\./.test(path))
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
    .map(({ file, path }) => {
      const folder = path.split('/').at(-2)
      return { picture: file, name: path, ...(folder !== undefined && { label: folder }) }
    })
}

/**
 * The picture that a video shows now: a camera's, once `video.srcObject` has its stream and plays.
 * @throws Error where the video has no picture yet.
 */
export async function videoFrame(video: HTMLVideoElement): Promise<Picture> {
  if (video.readyState < 2 || video.videoWidth === 0) {
    throw new Error('video: it has no picture yet; wait for its "playing" event')
  }
  return pictureOf(await createImageBitmap(video))
}

/**
 * Decodes a picture file of any kind that the browser knows to 8-bit RGB, upright.
 * @throws PictureError, one line with the path, for bytes that are no such picture, are cut off or
 *   damaged, or whose size is beyond the limits.
 */
export async function decodePicture(
  bytes: Uint8Array | ArrayBuffer,
  options: DecodeOptions = {},
): Promise<Picture> {
  return decodeWith(bytes, browserPlatform, options)
}
