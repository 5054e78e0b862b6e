// Random numbers that are a pure function of a seed and a place: `new Random(seed, epoch, index)`
// is the stream of one picture in one epoch, so the same picture gets the same crop whatever the
// order or the number of readers, and an interrupted run goes on exactly. The generator is
// xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2018), its
// state filled from the key by MurmurHash3's mixing. Good for sampling, not for secrets.

/** A stream of random numbers; equal keys give equal streams on every machine. */
export class Random {
  // Four 32-bit words in fields, not a typed array: V8 keeps small integers there unboxed.
  // They start from π's digits, so that each takes the key in its own way: 128 bits in all.
  #word0 = 0x243f6a88
  #word1 = 0x85a308d3 | 0
  #word2 = 0x13198a2e
  #word3 = 0x03707344

  /** `key`: a seed and whatever names the stream, each a safe integer; order and number matter. */
  constructor(...key: number[]) {
    for (const part of key) {
      if (!Number.isSafeInteger(part)) {
        throw new RangeError(`Random: a seed must be a whole number up to 2^53, not ${part}`)
      }
      this.#absorb(part | 0)
      this.#absorb(Math.floor(part / 0x1_0000_0000))
    }
    this.#absorb(key.length)
    // Words that differ stay different, as mixing is one-to-one: the state of all zeros, the one
    // that xoshiro cannot leave, never comes up.
  }

  #absorb(part: number): void {
    this.#word0 = mix(this.#word0 ^ part)
    this.#word1 = mix(this.#word1 ^ part)
    this.#word2 = mix(this.#word2 ^ part)
    this.#word3 = mix(this.#word3 ^ part)
  }

  /** 32 random bits, 0 to 2^32 − 1. */
  bits(): number {
    const word1 = this.#word1
    const product = Math.imul(word1, 5)
    const word2 = this.#word2 ^ this.#word0
    const word3 = this.#word3 ^ word1
    this.#word1 = word1 ^ word2
    this.#word0 ^= word3
    this.#word2 = word2 ^ (word1 << 9)
    this.#word3 = (word3 << 11) | (word3 >>> 21)
    return Math.imul((product << 7) | (product >>> 25), 9) >>> 0
  }

  /** Uniform in [0, 1), with 53 random bits. */
  float(): number {
    return ((this.bits() >>> 5) * 0x400_0000 + (this.bits() >>> 6)) / 0x20_0000_0000_0000
  }

  /** Uniform in [low, high). */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.float()
  }

  /** A whole number from 0 to `bound − 1`, each equally likely; `bound` from 1 to 2^32. */
  integer(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 0x1_0000_0000) {
      throw new RangeError(`Random.integer: the bound must be 1 to 2^32, not ${bound}`)
    }
    const limit = 0x1_0000_0000 - (0x1_0000_0000 % bound)
    let bits = this.bits()
    while (bits >= limit) bits = this.bits()
    return bits % bound
  }

  /** Normally distributed, mean 0, standard deviation 1 (Box and Muller's transform). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.float()))
    return radius * Math.cos(2 * Math.PI * this.float())
  }

  /** Reorders `items` in place, every order equally likely (Fisher and Yates), and returns it. */
  shuffle<T extends { length: number; [index: number]: number }>(items: T): T {
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.integer(last + 1)
      const kept = items[last]!
      items[last] = items[other]!
      items[other] = kept
    }
    return items
  }
}

/** The order of an epoch: the numbers 0 to `length − 1`, shuffled by the stream (seed, epoch). */
export function shuffledOrder(length: number, seed: number, epoch: number): Int32Array {
  const order = new Int32Array(length)
  for (let index = 0; index < length; index++) order[index] = index
  return new Random(seed, epoch).shuffle(order)
}

/** MurmurHash3's 32-bit finaliser: every input bit reaches every output bit. */
function mix(value: number): number {
  let hash = value | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
