// Zip archives in which every number can lie.

import { crc32 as nodeCrc32 } from 'node:zlib'

/** An entry, and what the archive says of it where that is not true. */
export interface ZipOfEntry {
  name: string
  data: Uint8Array
  method?: number
  size?: number
  offset?: number
  crc?: number
  flags?: number
}

/** An archive in which every number can lie. */
export function zipOf(
  entries: ZipOfEntry[],
  { count = entries.length, zip64 = false } = {},
): Uint8Array {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let place = 0
  for (const { name, data, method = 0, size = data.length, offset, crc, flags = 0 } of entries) {
    const header = Buffer.alloc(30 + name.length)
    header.writeUInt32LE(0x04034b50, 0)
    header.writeUInt16LE(name.length, 26)
    header.write(name, 30)
    const extra = zip64 ? 4 + 24 : 0
    const row = Buffer.alloc(46 + name.length + extra)
    row.writeUInt32LE(0x02014b50, 0)
    row.writeUInt16LE(flags, 8)
    row.writeUInt16LE(method, 10)
    row.writeUInt32LE(crc ?? nodeCrc32(data), 16)
    row.writeUInt32LE(zip64 ? 0xffffffff : data.length, 20)
    row.writeUInt32LE(zip64 ? 0xffffffff : size, 24)
    row.writeUInt16LE(name.length, 28)
    row.writeUInt16LE(extra, 30)
    row.writeUInt32LE(zip64 ? 0xffffffff : (offset ?? place), 42)
    row.write(name, 46)
    if (zip64) {
      row.writeUInt16LE(1, 46 + name.length)
      row.writeUInt16LE(24, 48 + name.length)
      const values = [size, data.length, offset ?? place]
      for (const [i, value] of values.entries()) {
        row.writeBigUInt64LE(BigInt(value), 50 + name.length + 8 * i)
      }
    }
    parts.push(header, Buffer.from(data))
    directory.push(row)
    place += header.length + data.length
  }
  const rows = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(count, 10)
  end.writeUInt32LE(rows.length, 12)
  end.writeUInt32LE(place, 16)
  return new Uint8Array(Buffer.concat([...parts, rows, end]))
}
