import { describe, expect, it } from 'vitest'
import { cutMix, type MixableBatch, mixingChoice, mixUp, softTargets } from './mixing.ts'
import { Random } from './random.ts'
import { checksum, fixturePicture, readFixture } from './testing.ts'

const { mixed } = readFixture<{
  mixed: {
    share: number
    mixUp: { crc: number; targets: number[][] }
    cutMix: { crc: number; targets: number[][] }
  }
}>('operations.json')

const pictures = ['noise 24×20', 'gray 24×20', 'plain 24×20'].map(fixturePicture)
const bytes = Uint8Array.from(pictures.flatMap(({ data }) => [...data]))
const labels = new Int32Array([2, 0, 1])
const shape = [3, 20, 24, 3] as const
const floats = (): MixableBatch & { indices: Int32Array } => ({
  images: Float32Array.from(bytes, (byte) => byte / 255),
  shape,
  labels,
  indices: new Int32Array([5, 6, 7]),
})

function expectTargets(found: Float32Array, expected: number[][]) {
  expected.flat().forEach((value, at) => void expect(found[at]).toBeCloseTo(value, 6))
}

describe('mixUp', () => {
  it('equals torchvision for a given share, on floats bit for bit', () => {
    const batch = floats()
    const kept = structuredClone(batch)
    const result = mixUp().apply(batch, { share: mixed.share })
    expect(checksum(result.images)).toBe(mixed.mixUp.crc)
    expectTargets(softTargets(result, 3), mixed.mixUp.targets)
    expect(result.indices).toBe(batch.indices)
    expect([...result.otherLabels]).toEqual([1, 2, 0])
    expect(batch).toEqual(kept)
  })

  it('rounds bytes to the nearest', () => {
    const batch = { images: bytes, shape, labels }
    const result = mixUp().apply(batch, { share: 0.3 })
    const length = bytes.length / 3
    for (const at of [0, 1, 700, length + 3, 2 * length + 9]) {
      const other = bytes[(at + 2 * length) % bytes.length]!
      expect(Math.abs(result.images[at]! - (0.3 * bytes[at]! + 0.7 * other))).toBeLessThan(0.5001)
    }
    expect(result.images).toBeInstanceOf(Uint8Array)
  })

  it('draws shares of beta(alpha, alpha)', () => {
    const random = new Random(3)
    const batch = floats()
    const shares = Array.from({ length: 8000 }, () => mixUp().sample(random, batch).share)
    const mean = shares.reduce((sum, share) => sum + share) / shares.length
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.013)
    expect(shares.filter((share) => share < 0.1).length / 8000).toBeCloseTo(0.1, 1)
    const extreme = Array.from({ length: 2000 }, () => mixUp({ alpha: 0.05 }).sample(random, batch))
    expect(extreme.filter(({ share }) => share > 0.1 && share < 0.9).length).toBeLessThan(500)
  })
})

describe('cutMix', () => {
  it('equals torchvision for a given box, bit for bit', () => {
    const box = { left: 6, top: 4, right: 24, bottom: 15 }
    const result = cutMix().apply(floats(), box)
    expect(checksum(result.images)).toBe(mixed.cutMix.crc)
    expectTargets(softTargets(result, 3), mixed.cutMix.targets)
    const ofBytes = cutMix().apply({ images: bytes, shape, labels }, box)
    expect(ofBytes.images).toEqual(
      Uint8Array.from(result.images, (value) => Math.round(value * 255)),
    )
  })

  it('draws boxes inside the picture, of the area that the share leaves', () => {
    const random = new Random(9)
    const batch = { images: new Uint8Array(0), shape: [4, 100, 80, 3] as const, labels }
    const areas = Array.from({ length: 5000 }, () => {
      const { left, top, right, bottom } = cutMix().sample(random, batch)
      expect(left >= 0 && top >= 0 && right <= 80 && bottom <= 100).toBe(true)
      expect(right >= left && bottom >= top).toBe(true)
      return ((right - left) * (bottom - top)) / 8000
    })
    // 1 − λ on average a half, less what the edges cut off: E[(r − r²/4)²], r² even on 0…1, is
    // 1/2 − 1/5 + 1/48.
    const mean = areas.reduce((sum, area) => sum + area) / areas.length
    expect(Math.abs(mean - (1 / 2 - 1 / 5 + 1 / 48))).toBeLessThan(0.02)
  })
})

describe('mixingChoice', () => {
  it('draws one of them, the same picture for the same parameters', () => {
    const either = mixingChoice([mixUp({ alpha: 0.2 }), cutMix()])
    const random = new Random(1)
    const batch = floats()
    const drawn = Array.from({ length: 1000 }, () => either.sample(random, batch))
    const first = drawn.filter(({ choice }) => choice === 0).length
    expect(Math.abs(first - 500)).toBeLessThan(64)
    const kept = JSON.parse(JSON.stringify(drawn[0]))
    expect(either.apply(batch, kept)).toEqual(either.apply(batch, drawn[0]!))
  })
})

describe('softTargets', () => {
  it('takes plain batches too, and refuses labels beyond the classes', () => {
    expect([...softTargets({ labels: new Int32Array([1, 0]) }, 2)]).toEqual([0, 1, 1, 0])
    expect(() => softTargets({ labels: new Int32Array([2]) }, 2)).toThrow('label 2 is not one of 2')
  })

  it('of a picture mixed with one of its own class is that class', () => {
    const same = { labels: new Int32Array([1, 1]), otherLabels: new Int32Array([1, 1]) }
    const targets = softTargets({ ...same, share: new Float32Array([0.25, 0.75]) }, 2)
    expect([...targets]).toEqual([0, 1, 0, 1])
  })
})
