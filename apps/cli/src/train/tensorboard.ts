// TensorBoard's event files as bytes: TFRecords of Event messages with scalars and pictures. Whoever writes
// them to a file names it so that TensorBoard finds it (`…tfevents…`).
//
// A record is: uint64 length, masked CRC-32C of the length, the message, masked CRC-32C of the message
// (tensorflow/core/lib/io/record_writer.cc); the messages' fields are those of
// tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto.

import { crc32c } from '@aws-crypto/crc32c'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

/** A picture as a PNG file. */
export interface TensorBoardImage {
  readonly width: number
  readonly height: number
  readonly png: Uint8Array
}

/** What one record says. */
export type TensorBoardEvent = {
  /** Seconds since 1970. */
  readonly time: number
  readonly step: number
} & (
  | {
      readonly scalars: Readonly<Record<string, number>>
      readonly images?: Readonly<Record<string, TensorBoardImage>>
    }
  /** First of every file. */
  | { readonly kind: 'version' }
  /** A run begins here, or goes on: TensorBoard forgets later steps of earlier files. */
  | { readonly kind: 'start' }
)

// Field numbers of Event, Summary, Summary.Value, Summary.Image and SessionLog.
const event = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 }
const summary = { value: 1, tag: 1, simpleValue: 2, image: 4 }
const image = { height: 1, width: 2, colorspace: 3, encoded: 4, RGB: 3 }
const sessionLog = { status: 1, START: 1 }

/** Events as the bytes of a file, or of what is to be added to one. */
export function encodeEvents(events: readonly TensorBoardEvent[]): Uint8Array {
  const records = events.map((one) => encodeRecord(encodeMessage(one)))
  const bytes = new Uint8Array(records.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const record of records) {
    bytes.set(record, at)
    at += record.length
  }
  return bytes
}

function encodeMessage(one: TensorBoardEvent): Uint8Array {
  const writer = new BinaryWriter()
  writer.tag(event.wallTime, WireType.Bit64).double(one.time)
  writer.tag(event.step, WireType.Varint).int64(one.step)
  if ('scalars' in one) {
    writer.tag(event.summary, WireType.LengthDelimited).fork()
    for (const [name, value] of Object.entries(one.scalars)) {
      writer.tag(summary.value, WireType.LengthDelimited).fork()
      writer.tag(summary.tag, WireType.LengthDelimited).string(name)
      writer.tag(summary.simpleValue, WireType.Bit32).float(value)
      writer.join()
    }
    for (const [name, { width, height, png }] of Object.entries(one.images ?? {})) {
      writer.tag(summary.value, WireType.LengthDelimited).fork()
      writer.tag(summary.tag, WireType.LengthDelimited).string(name)
      writer.tag(summary.image, WireType.LengthDelimited).fork()
      writer.tag(image.height, WireType.Varint).int32(height)
      writer.tag(image.width, WireType.Varint).int32(width)
      writer.tag(image.colorspace, WireType.Varint).int32(image.RGB)
      writer.tag(image.encoded, WireType.LengthDelimited).bytes(png)
      writer.join()
      writer.join()
    }
    writer.join()
  } else if (one.kind === 'version') {
    writer.tag(event.fileVersion, WireType.LengthDelimited).string('brain.Event:2')
  } else {
    writer.tag(event.sessionLog, WireType.LengthDelimited).fork()
    writer.tag(sessionLog.status, WireType.Varint).int32(sessionLog.START)
    writer.join()
  }
  return writer.finish()
}

function encodeRecord(message: Uint8Array): Uint8Array {
  const record = new Uint8Array(16 + message.length)
  const view = new DataView(record.buffer)
  view.setBigUint64(0, BigInt(message.length), true)
  view.setUint32(8, maskedChecksum(record.subarray(0, 8)), true)
  record.set(message, 12)
  view.setUint32(12 + message.length, maskedChecksum(message), true)
  return record
}

/** Rotated and shifted, since a checksum over data that holds checksums is a poor one. */
function maskedChecksum(bytes: Uint8Array): number {
  const crc = crc32c(bytes)
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}
