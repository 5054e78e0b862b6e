// File names as the system has them: bytes, which need not be UTF-8 (archives from Windows, old disks). As Python
// does (PEP 383), a byte that is no text becomes a lone surrogate, U+DC80 to U+DCFF, so that a name stays a string
// on its way through lists and workers and leads back to the same file.

const escaped = /[\udc80-\udcff]/u

/** The text of a name's bytes; bytes that are no UTF-8 stand in it as lone surrogates. */
export function nameOfBytes(bytes: Uint8Array): string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  try {
    return decoder.decode(bytes)
  } catch {
    let name = ''
    for (let at = 0; at < bytes.length; ) {
      const length = [1, 2, 3, 4].find((count) => isText(decoder, bytes.subarray(at, at + count)))
      name += length
        ? decoder.decode(bytes.subarray(at, at + length))
        : String.fromCharCode(0xdc00 + bytes[at]!)
      at += length ?? 1
    }
    return name
  }
}

function isText(decoder: TextDecoder, bytes: Uint8Array): boolean {
  try {
    return decoder.decode(bytes).length > 0
  } catch {
    return false
  }
}

/** What Node's file functions are to be given for a name. */
export function systemPath(path: string): string | Buffer {
  if (!escaped.test(path)) return path
  const pieces = Array.from(path, (letter) => {
    const code = letter.charCodeAt(0)
    return escaped.test(letter) ? Buffer.from([code - 0xdc00]) : Buffer.from(letter)
  })
  return Buffer.concat(pieces)
}

/** A name for people and for class lists: bytes that are no text as `\xe9`. */
export function shownPath(path: string): string {
  if (!escaped.test(path)) return path
  return Array.from(path, (letter) =>
    escaped.test(letter) ? `\\x${(letter.charCodeAt(0) - 0xdc00).toString(16)}` : letter,
  ).join('')
}
