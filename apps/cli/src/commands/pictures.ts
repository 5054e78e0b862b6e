// Pictures that a command is given by their paths.

import { type Picture, readPicture } from '@alexnet/data'

/** Files that are open at once: systems allow a process some hundreds, whatever the size of a batch. */
const MOST_OPEN = 8

/** Reads pictures, in their order. @throws PictureError of one that cannot be read */
export async function readPictures(files: readonly string[]): Promise<Picture[]> {
  const pictures: Picture[] = []
  let next = 0
  const read = async () => {
    while (next < files.length) {
      const index = next++
      pictures[index] = await readPicture(files[index]!)
    }
  }
  await Promise.all(Array.from({ length: Math.min(MOST_OPEN, files.length) }, read))
  return pictures
}
