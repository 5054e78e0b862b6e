// The marker segments of a JPEG file (ITU-T T.81, annex B), found as libjpeg finds them: bytes that belong to no
// segment are passed over up to the next marker. Cameras and editors leave such bytes behind a segment whose
// length they got wrong.

/** A segment: its marker's second byte, and where its content lies. */
export interface JpegSegment {
  readonly marker: number
  readonly start: number
  readonly end: number
}

/**
 * The segments from the start of the file to its first scan, whose header is the last one. They end early
 * where the file does, or where a marker stands that cannot be there.
 */
export function* jpegSegments(bytes: Uint8Array): Generator<JpegSegment> {
  let at = 2
  for (;;) {
    while (at < bytes.length && bytes[at] !== 0xff) at++
    while (bytes[at] === 0xff) at++
    if (at >= bytes.length) return
    const marker = bytes[at++]!
    // A zero makes the 0xff before it data; the next two kinds are markers without a segment.
    if (marker === 0 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) continue
    if (marker === 0xd8 || marker === 0xd9 || at + 2 > bytes.length) return
    // A length too small for itself is that of an empty segment.
    const end = at + Math.max(2, (bytes[at]! << 8) | bytes[at + 1]!)
    if (end > bytes.length) return
    yield { marker, start: at + 2, end }
    if (marker === 0xda) return
    at = end
  }
}
