// JSON as checkpoint files have it, read from bytes by a strict reader that a file cannot make waste memory:
// values that nobody asks for are stepped over, what is kept is counted before it is made, and a key that
// stands twice is an error, since readers that disagree about which one holds read two different files.
// https://www.rfc-editor.org/rfc/rfc8259

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | JsonValue[]
  | { [key: string]: JsonValue }

/** Arrays and objects that may hold each other. */
const DEEPEST = 200
/** Keys of one object. */
const MOST_KEYS = 100_000
/** About what an array or object takes, a value in it, and its key. */
const CONTAINER_BYTES = 96
const VALUE_BYTES = 16
const KEY_BYTES = 32
/** Letters of a number: JSON.stringify's have 24 at most. */
const LONGEST_LITERAL = 64
/** Texts below this length are made without a decoder, where they are plain letters. */
const SHORT = 100

const decoder = new TextDecoder('utf-8', { fatal: true })

/** Reads one text from its start to its end, value by value. */
export class JsonReader {
  readonly #bytes: Uint8Array
  readonly #fail: (why: string, place: number) => never
  #place = 0
  #depth = 0
  #room: number

  /** @param fail throws the error of the caller's format */
  constructor(bytes: Uint8Array, fail: (why: string, place: number) => never) {
    this.#bytes = bytes
    this.#fail = fail
    this.#room = 8 * 1024 * 1024 + 2 * bytes.length
  }

  /** The next value is an object: `visit` takes the value of each key, by `value`, `skip` or another visit. */
  object(visit: (key: string) => void): void {
    this.#expect(0x7b, 'an object')
    this.#enter()
    let keys: Set<string> | undefined
    let isFirst = true
    while (!this.#ends(0x7d, isFirst)) {
      isFirst = false
      const at = this.#place
      const key = this.#string()
      keys ??= new Set()
      if (keys.has(key)) this.#fail(`the key '${key.slice(0, 100)}' twice`, at)
      keys.add(key)
      if (keys.size > MOST_KEYS) this.#fail(`an object of over ${MOST_KEYS} keys`, at)
      this.#spend(2 * key.length + KEY_BYTES)
      this.#expect(0x3a, 'a colon')
      visit(key)
    }
    this.#depth--
  }

  /** The next value is an array: `visit` takes each of its values. */
  array(visit: () => void): void {
    this.#expect(0x5b, 'an array')
    this.#enter()
    for (let isFirst = true; !this.#ends(0x5d, isFirst); isFirst = false) visit()
    this.#depth--
  }

  /** Whether the next value begins with this letter: `{`, `[`, `"`. */
  begins(letter: string): boolean {
    return this.#next() === letter.charCodeAt(0)
  }

  /** The next value, made of plain objects. */
  value(): JsonValue {
    this.#spend(VALUE_BYTES)
    const first = this.#next()
    if (first === 0x22) {
      const text = this.#string()
      this.#spend(2 * text.length)
      return text
    }
    if (first === 0x5b) {
      this.#spend(CONTAINER_BYTES)
      const items: JsonValue[] = []
      this.array(() => items.push(this.value()))
      return items
    }
    if (first !== 0x7b) return this.#literal()
    this.#spend(CONTAINER_BYTES)
    const object: Record<string, JsonValue> = {}
    this.object((key) => {
      const value = this.value()
      if (key !== '__proto__') object[key] = value
      else Object.defineProperty(object, key, { value, enumerable: true, configurable: true })
    })
    return object
  }

  /** {@link value}, of which nothing is kept once it was looked at. */
  passing(): JsonValue {
    const room = this.#room
    const value = this.value()
    this.#room = room
    return value
  }

  /** Steps over the next value. */
  skip(): void {
    const first = this.#next()
    if (first === 0x22) this.#skipString()
    else if (first === 0x5b) this.array(() => this.skip())
    else if (first === 0x7b) this.#skipObject()
    else this.#skipLiteral()
  }

  /** Nothing may follow. */
  end(): void {
    if (!Number.isNaN(this.#next())) this.#fail('something behind its end', this.#place)
  }

  #skipObject(): void {
    this.#expect(0x7b, 'an object')
    this.#enter()
    for (let isFirst = true; !this.#ends(0x7d, isFirst); isFirst = false) {
      this.#skipString()
      this.#expect(0x3a, 'a colon')
      this.skip()
    }
    this.#depth--
  }

  #enter(): void {
    if (++this.#depth > DEEPEST) this.#fail(`nested deeper than ${DEEPEST}`, this.#place)
  }

  #spend(bytes: number): void {
    this.#room -= bytes
    if (this.#room < 0) this.#fail('far more values than a file of its size needs', this.#place)
  }

  /** The next byte that is no white space, or NaN at the end. */
  #next(): number {
    for (; this.#place < this.#bytes.length; this.#place++) {
      const byte = this.#bytes[this.#place]!
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte
    }
    return Number.NaN
  }

  #expect(byte: number, what: string): void {
    if (this.#next() !== byte) this.#fail(`${what} is missing`, this.#place)
    this.#place++
  }

  /** Takes the bracket that ends a list, or the comma before another value. */
  #ends(bracket: number, isFirst: boolean): boolean {
    const next = this.#next()
    if (next === bracket) {
      this.#place++
      return true
    }
    if (!isFirst) {
      if (next !== 0x2c) this.#fail('a comma or the end of a list is missing', this.#place)
      this.#place++
    }
    return false
  }

  /** Steps over a string; true where it has escapes. */
  #skipString(): boolean {
    this.#expect(0x22, 'a string')
    let hasEscapes = false
    for (; this.#place < this.#bytes.length; this.#place++) {
      const byte = this.#bytes[this.#place]!
      if (byte === 0x22) {
        this.#place++
        return hasEscapes
      }
      if (byte < 0x20) this.#fail('a control character in a string', this.#place)
      if (byte === 0x5c) {
        hasEscapes = true
        this.#place++
      }
    }
    return this.#fail('a string that does not end', this.#place)
  }

  #string(): string {
    this.#next()
    const start = this.#place
    const hasEscapes = this.#skipString()
    const end = this.#place - 1
    const short = hasEscapes || end - start > SHORT ? undefined : this.#letters(start + 1, end)
    if (short !== undefined) return short
    try {
      const text = decoder.decode(this.#bytes.subarray(start + 1, end))
      return hasEscapes ? (JSON.parse(`"${text}"`) as string) : text
    } catch {
      return this.#fail('a string that is no text', start)
    }
  }

  /** Plain letters as text; undefined where there are others. */
  #letters(start: number, end: number): string | undefined {
    let text = ''
    for (let place = start; place < end; place++) {
      const byte = this.#bytes[place]!
      if (byte > 0x7f) return undefined
      text += String.fromCharCode(byte)
    }
    return text
  }

  #skipLiteral(): void {
    const start = this.#place
    while (isLiteral(this.#bytes[this.#place])) this.#place++
    if (this.#place === start) this.#fail('a value is missing', start)
  }

  #literal(): null | boolean | number {
    const start = this.#place
    this.#skipLiteral()
    const isShort = this.#place - start <= LONGEST_LITERAL
    const text = isShort ? this.#letters(start, this.#place) : ''
    if (text === 'null') return null
    if (text === 'true' || text === 'false') return text === 'true'
    if (/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text ?? '')) return Number(text)
    return this.#fail('a value is missing', start)
  }
}

/** Whether a byte may be of a number or a word: + - . digits and letters. */
function isLiteral(byte: number | undefined): boolean {
  if (byte === undefined || byte < 0x2b || byte > 0x7a) return false
  return byte !== 0x2c && byte !== 0x2f && byte !== 0x3a && byte !== 0x5b && byte !== 0x5d
}
