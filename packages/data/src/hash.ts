// A fingerprint of text and numbers that can be built up piece by piece, synchronously, in Node and
// browsers: two lanes of multiply-and-mix, 64 bits together (after bryc's cyrb53). It tells
// different data apart; it is no defence against data made to collide.

/** Collects pieces; equal pieces in equal order give an equal digest. */
export class Hash {
  #high = 0xdeadbeef | 0
  #low = 0x41c6ce57 | 0

  /** Takes a text in, and where it ended. */
  add(text: string): this {
    for (let at = 0; at < text.length; at++) this.addNumber(text.charCodeAt(at))
    return this.addNumber(text.length)
  }

  /** Takes a whole number in; numbers of 32 bits and more are told apart up to 2^53. */
  addNumber(value: number): this {
    const upper = Math.floor(value / 0x1_0000_0000)
    this.#high = Math.imul(this.#high ^ (value | 0), 0x9e3779b1)
    this.#low = Math.imul(this.#low ^ (value | 0), 0x5f356495)
    if (upper !== 0) {
      this.#high = Math.imul(this.#high ^ upper, 0x85ebca77)
      this.#low = Math.imul(this.#low ^ upper, 0xc2b2ae3d)
    }
    // Multiplication only carries bits upwards: bring the upper ones back down.
    this.#high ^= this.#high >>> 15
    this.#low ^= this.#low >>> 15
    return this
  }

  /** Sixteen hexadecimal digits. */
  digest(): string {
    const high = finish(this.#high, this.#low)
    const low = finish(this.#low, high)
    return [high, low].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('')
  }
}

function finish(lane: number, other: number): number {
  let mixed = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b)
  mixed ^= Math.imul(other ^ (other >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
