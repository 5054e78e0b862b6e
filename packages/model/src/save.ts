// A model written to disk, in Node: a file is replaced as a whole; a folder must be new or empty, and the file that
// lists the others comes last, so that half a model is never taken for one.

import { mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ModelFile } from '@alexnet/weights'
import { replaceFile } from '@alexnet/weights/node'
import { ModelError } from './errors.ts'
import { folderFormats } from './formats.ts'
import type { Save } from './model.ts'
import { bytesFor, bytesOfChunks, encodeModel, formatOf } from './write.ts'

/** `Model.save` in Node. @returns the bytes, or how many were written */
export const saveTo: Save = async (model, target, options) => {
  if (target === 'bytes') return bytesFor(model, options)
  const format = formatOf(target, options.format)
  const files = await encodeModel(model, { ...options, format })
  if (folderFormats.includes(format)) return writeFolder(target, files)
  await replaceFile(target, files[0]!.chunks)
  return bytesOfChunks(files[0]!.chunks)
}

async function writeFolder(path: string, [list, ...files]: ModelFile[]): Promise<number> {
  const there = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    if (error.code === 'ENOTDIR') throw new ModelError(`${path}: is a file; name a new folder`)
    throw error
  })
  if (there.length > 0) {
    throw new ModelError(`${path}: the folder is not empty (${there[0]}); name a new one`)
  }
  let bytes = 0
  for (const { path: name, chunks } of [...files, list!]) {
    await mkdir(dirname(join(path, name)), { recursive: true })
    await replaceFile(join(path, name), chunks)
    bytes += bytesOfChunks(chunks)
  }
  return bytes
}
