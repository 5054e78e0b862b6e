// What a picture is in this package, and how one is refused. A `Picture` is plain bytes in one
// fixed layout, so that every transform is a pure function on typed arrays and the same code runs
// in Node and in a browser; where the bytes come from (a file, a camera, a drawing) is not its
// business.

/** A picture of 8-bit RGB: `data[(y * width + x) * 3 + channel]`, channel 0 red, 1 green, 2 blue. */
export interface Picture {
  /** Pixels a row. */
  readonly width: number
  /** Rows. */
  readonly height: number
  /** `width * height * 3` bytes, rows from top to bottom, no padding between them. */
  readonly data: Uint8Array
}

/** The width and height of a picture, in pixels. */
export interface Size {
  readonly width: number
  readonly height: number
}

/** A rectangle of pixels; `left` and `top` may lie outside the picture where a function says so. */
export interface Box extends Size {
  readonly left: number
  readonly top: number
}

/**
 * A picture that cannot be used: missing, broken, too large, of an unknown format. The message is
 * one line, opens with the path, says what was wrong and what to do about it.
 */
export class PictureError extends Error {
  /** The file (or other name) of the picture, where it is known. */
  readonly path: string | undefined

  /** `problem` continues a sentence that begins with the path: "is empty (0 bytes); …". */
  constructor(problem: string, options: { path?: string | undefined; cause?: unknown } = {}) {
    const line = `${options.path ?? 'picture'} ${problem}`.replace(/\s*[\r\n]+\s*/g, ' ')
    super(line, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'PictureError'
    this.path = options.path
  }
}

/** A black picture of the given size. */
export function createPicture(width: number, height: number): Picture {
  return { width, height, data: new Uint8Array(width * height * 3) }
}
