// Reads TensorBoard's event files by another way than they were written: protobufjs with the fields of
// TensorFlow's own definitions (core/util/event.proto, core/framework/summary.proto), TFRecords by their
// description, checksums by their definition. For tests only.

import protobuf from 'protobufjs'

const { root } = protobuf.parse(`
  syntax = "proto3";
  package tensorflow;
  message Event {
    double wall_time = 1;
    int64 step = 2;
    oneof what {
      string file_version = 3;
      bytes graph_def = 4;
      Summary summary = 5;
      SessionLog session_log = 7;
    }
  }
  message SessionLog {
    enum SessionStatus { STATUS_UNSPECIFIED = 0; START = 1; STOP = 2; CHECKPOINT = 3; }
    SessionStatus status = 1;
    string checkpoint_path = 2;
    string msg = 3;
  }
  message Summary {
    message Image { int32 height = 1; int32 width = 2; int32 colorspace = 3; bytes encoded_image_string = 4; }
    message Value {
      string node_name = 7;
      string tag = 1;
      oneof value { float simple_value = 2; Image image = 4; }
    }
    repeated Value value = 1;
  }
`)
const Event = root.lookupType('tensorflow.Event')

export interface StoredValue {
  tag: string
  simpleValue?: number
  image?: { height: number; width: number; colorspace: number; encodedImageString: Uint8Array }
}

export interface StoredEvent {
  wallTime: number
  step: number
  fileVersion?: string
  summary?: { value: StoredValue[] }
  sessionLog?: { status: string }
}

/** All events of a file. @throws Error when a checksum does not fit */
export function readEvents(file: Buffer): StoredEvent[] {
  const events: StoredEvent[] = []
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at))
    requireChecksum(file.subarray(at, at + 8), file.readUInt32LE(at + 8), at)
    const message = file.subarray(at + 12, at + 12 + length)
    requireChecksum(message, file.readUInt32LE(at + 12 + length), at)
    const plain = Event.toObject(Event.decode(message), { longs: Number, enums: String })
    events.push(plain as StoredEvent)
    at += 16 + length
  }
  return events
}

function requireChecksum(bytes: Buffer, masked: number, at: number): void {
  const rotated = (masked - 0xa282ead8) >>> 0
  const stored = ((rotated >>> 17) | (rotated << 15)) >>> 0
  if (castagnoli(bytes) !== stored) throw new Error(`the checksum at byte ${at} does not fit`)
}

/** CRC-32C bit by bit, by its definition: polynomial 0x1EDC6F41, reflected. */
function castagnoli(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}
