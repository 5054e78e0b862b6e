// A data set of the user's own as a file: a zip of class folders, which is what the command line trains on,
// too, once it is unpacked.
import { unzip, zip } from 'fflate'
import type { OwnDataset } from './engine/training-protocol.ts'

const types: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
}

/** The pictures in a zip, `class/number.ending`. */
export async function zipDataset({ classes, pictures }: OwnDataset): Promise<Blob> {
  const files: Record<string, Uint8Array> = {}
  for (const [index, { label, blob }] of pictures.entries()) {
    const ending = Object.keys(types).find((key) => types[key] === blob.type) ?? 'png'
    const name = `${folderName(classes[label]!)}/${String(index).padStart(4, '0')}.${ending}`
    files[name] = new Uint8Array(await blob.arrayBuffer())
  }
  const bytes = await new Promise<Uint8Array>((resolve, reject) =>
    // Pictures are compressed already.
    zip(files, { level: 0 }, (error, data) => (error ? reject(error) : resolve(data))),
  )
  return new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'application/zip' })
}

/** Pictures by class from files: zips of class folders, or a folder of them. */
export async function picturesOf(
  files: readonly File[],
): Promise<{ label: string; name: string; blob: Blob }[]> {
  const found: { label: string; name: string; blob: Blob }[] = []
  for (const file of files) {
    if (file.name.endsWith('.zip')) {
      for (const [path, bytes] of Object.entries(await unzipped(file))) {
        add(path, new Blob([bytes as Uint8Array<ArrayBuffer>], { type: typeOf(path) ?? '' }))
      }
    } else add(file.webkitRelativePath || file.name, file)
  }
  if (found.length > 0) return found
  throw new Error(
    'no pictures in class folders were found: give a folder, or a zip, that holds a folder of JPEG, PNG or WebP pictures for each class',
  )

  function add(path: string, blob: Blob): void {
    const parts = path.split('/')
    const [label, name] = parts.slice(-2)
    if (parts.length < 2 || !label || !name || !typeOf(path) || path.includes('__MACOSX')) return
    found.push({ label, name, blob })
  }
}

const typeOf = (path: string) => types[path.split('.').at(-1)!.toLowerCase()]

async function unzipped(file: File): Promise<Record<string, Uint8Array>> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  return new Promise((resolve, reject) =>
    unzip(bytes, (error, data) =>
      error
        ? reject(new Error(`${file.name} is no zip file that can be read: save the data set again`))
        : resolve(data),
    ),
  )
}

/** A class's name without what file systems refuse. */
const folderName = (name: string) => name.replaceAll(/[^\p{L}\p{N} ._-]/gu, '_').trim() || 'class'
