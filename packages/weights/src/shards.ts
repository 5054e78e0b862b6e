// A file in pieces for the web: a list (JSON) with the SHA-256 of every piece, so that pages fetch pieces
// that browsers cache one by one, and no damaged or mixed-up piece goes unnoticed. Any file can be cut
// so; reading joins the pieces and opens what they hold.

import { CheckpointError } from './error.ts'
import { joinedSource, type RangeSource, readRange } from './source.ts'
import { bytesOf } from './tensor.ts'
import { cutIntoShards, type ModelFile, openShard } from './tfjs.ts'

const FORMAT = 'alexnet-shards'
const MOST_SHARDS = 10_000
/** Pieces are hashed as a whole, so their size is bounded. */
const LARGEST_SHARD = 1024 * 1024 * 1024

interface ShardEntry {
  path: string
  bytes: number
  sha256: string
}

/**
 * Cuts a file into pieces of equal size.
 *
 * @param name of the file; `model.safetensors` gives `model.safetensors.json` and
 *   `model.safetensors.1of8`, ….
 * @param chunks the file, as the encoders give it.
 * @param shardBytes default 8 MiB.
 * @returns the list first, then the pieces; chunks are views of those given.
 */
export async function encodeShards(
  name: string,
  chunks: readonly Uint8Array[],
  shardBytes = 8 * 1024 * 1024,
): Promise<ModelFile[]> {
  if (!Number.isSafeInteger(shardBytes) || shardBytes < 1 || shardBytes > LARGEST_SHARD) {
    throw new RangeError(`shardBytes must be from 1 to ${LARGEST_SHARD}, found ${shardBytes}`)
  }
  const pieces = cutIntoShards(chunks.map(bytesOf), shardBytes)
  const shards: ShardEntry[] = []
  const files: ModelFile[] = []
  for (const [index, piece] of pieces.entries()) {
    const path = `${name}.${index + 1}of${pieces.length}`
    const bytes = piece.reduce((sum, part) => sum + part.byteLength, 0)
    shards.push({ path, bytes, sha256: await sha256(piece) })
    files.push({ path, chunks: piece })
  }
  const list = {
    format: FORMAT,
    name,
    bytes: shards.reduce((sum, { bytes }) => sum + bytes, 0),
    shards,
  }
  const json = new TextEncoder().encode(`${JSON.stringify(list, undefined, 1)}\n`)
  return [{ path: `${name}.json`, chunks: [json] }, ...files]
}

async function sha256(parts: readonly Uint8Array<ArrayBuffer>[]): Promise<string> {
  const bytes = parts.length === 1 ? parts[0]! : await joined(parts)
  return hex(await crypto.subtle.digest('SHA-256', bytes))
}

async function joined(parts: readonly Uint8Array<ArrayBuffer>[]): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Blob([...parts]).arrayBuffer())
}

function hex(digest: ArrayBuffer): string {
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Whether JSON is a list of shards. */
export const isShardList = (json: Readonly<Record<string, unknown>>) => json.format === FORMAT

/** The pieces of a list as one source; every piece is read as a whole and checked. */
export async function openShardList(
  json: Readonly<Record<string, unknown>>,
  source: RangeSource,
): Promise<RangeSource> {
  const { path } = source
  const { shards } = json
  if (!Array.isArray(shards) || shards.length > MOST_SHARDS) {
    throw new CheckpointError('its list of shards is missing or too long', { path })
  }
  const parts: RangeSource[] = []
  for (const entry of shards) parts.push(await checkedShard(source, entry))
  // The pieces are opened for each read; the list stays open until now.
  return { ...joinedSource(parts, path), close: async () => source.close?.() }
}

async function checkedShard(list: RangeSource, entry: unknown): Promise<RangeSource> {
  const { path: name, bytes, sha256: expected } = (entry ?? {}) as Partial<ShardEntry>
  const isValid =
    Number.isSafeInteger(bytes) &&
    bytes! > 0 &&
    bytes! <= LARGEST_SHARD &&
    typeof expected === 'string'
  if (!isValid) {
    throw new CheckpointError('a shard without a valid size or hash', { path: list.path })
  }
  // The piece read last stays, since tensors are read in order and end amid pieces.
  let kept: WeakRef<Uint8Array> | undefined
  const load = async (): Promise<Uint8Array> => {
    const known = kept?.deref()
    if (known) return known
    const shard = await openShard(list, name)
    try {
      const where = { path: shard.path ?? name }
      if (shard.size !== bytes) {
        throw new CheckpointError(`should be ${bytes} bytes and is ${shard.size}`, where)
      }
      const content = await readRange(shard, 0, shard.size, 'the shard')
      const found = await sha256([bytesOf(content)])
      if (found !== expected) {
        throw new CheckpointError(`is damaged: its SHA-256 is ${found}, not ${expected}`, where)
      }
      kept = new WeakRef(content)
      return content
    } finally {
      await shard.close?.()
    }
  }
  return {
    size: bytes!,
    read: async (offset, length) => (await load()).subarray(offset, offset + length),
  }
}
