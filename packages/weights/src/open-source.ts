// From what a caller has to something that is read by ranges: bytes in memory, a Blob or File, a URL, or a
// source of the caller's own. Files by path are in `@alexnet/weights/node`.

import { CheckpointError } from './error.ts'
import {
  bytesSource,
  type CheckpointSource,
  type RangeSource,
  type SourceOptions,
} from './source.ts'
import { openUrl } from './url-source.ts'

/** Turns whatever was given into something that is read by ranges. */
export async function openSource(
  source: CheckpointSource,
  options: SourceOptions = {},
): Promise<RangeSource> {
  if (source instanceof URL) return openUrl(source, options)
  const opened = openLocal(source, options.path)
  const { files } = options
  if (!files) return opened
  const { size, path } = opened
  return {
    size,
    path,
    read: (offset, length) => opened.read(offset, length),
    sibling: async (name) => {
      const file = files.get(name) ?? files.get(`./${name}`)
      if (file) return openLocal(file, name)
      throw new CheckpointError(`names the file '${name}', which was not given with it`, { path })
    },
    close: async () => opened.close?.(),
  }
}

function openLocal(source: Exclude<CheckpointSource, URL>, path?: string): RangeSource {
  if (source instanceof ArrayBuffer) return bytesSource(new Uint8Array(source), path)
  if (source instanceof Uint8Array) return bytesSource(source, path)
  if (typeof Blob !== 'undefined' && source instanceof Blob) return blobSource(source, path)
  const { size, read } = (source ?? {}) as RangeSource
  if (typeof read === 'function' && Number.isSafeInteger(size)) return source as RangeSource
  throw new TypeError(
    'a checkpoint is read from bytes, a Blob, a URL or a source with size and read(); ' +
      'for a path use @alexnet/weights/node',
  )
}

function blobSource(blob: Blob, path?: string): RangeSource {
  const name = path ?? (blob as Partial<File>).name
  return {
    size: blob.size,
    path: name,
    read: async (offset, length) =>
      new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  }
}
