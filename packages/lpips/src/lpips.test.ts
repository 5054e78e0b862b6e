import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { encodePng, shapes } from '@alexnet/data'
import { openModel } from '@alexnet/model'
import { encodeSafetensors } from '@alexnet/weights'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { perceptualDistance } from './distance.ts'
import { type Lpips, lpipsAlex, openLpips } from './index.ts'
import { type Fixture, linearOf, lpipsOf, picturesOf, weightsOf } from './testing/cases.ts'
import { error } from './testing/suite.ts'

let folder: string
let features: Uint8Array
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-lpips-'))
  features = Buffer.concat(encodeSafetensors(weightsOf('random')))
})
afterAll(() => rm(folder, { recursive: true }))

const linear = Object.fromEntries(
  linearOf('random').map((numbers, layer) => [`lin${layer}.model.1.weight`, numbers]),
)
/** As torch.save has them, [1, channels, 1, 1]. */
const asTensors = (numbers: Record<string, ArrayLike<number>>) =>
  new Map(
    Object.entries(numbers).map(([name, values]) => [
      name,
      {
        dtype: 'float32' as const,
        shape: [1, values.length, 1, 1],
        data: Float32Array.from(values),
      },
    ]),
  )

describe('openLpips', () => {
  it('reads convolutions alone, and linear weights as numbers or a file; says which form it is', async () => {
    const fixture = lpipsOf({ weights: 'random', linear: 'random' })
    const file = join(folder, 'linear.safetensors')
    await writeFile(file, Buffer.concat(encodeSafetensors(asTensors(linear))))
    const [a, b] = await pictures(2)
    const expected = await fixture.compare(a!, b!)
    for (const given of [linear, file]) {
      const lpips = await openLpips(features, { linear: given })
      expect(lpips.form).toBe('lpips')
      expect(lpips.smallestSize).toBe(31)
      const { distance, layers } = await lpips.compare(a!, b!)
      expect(error([distance, ...layers], [expected.distance, ...expected.layers])).toBeLessThan(
        1e-6,
      )
      lpips.dispose()
    }
    const plain = await openLpips(features, { linear: false })
    expect(plain.form).toBe('plain')
    expect((await plain.compare(a!, b!)).distance).not.toBe(expected.distance)
    plain.dispose()
    expect(() => plain.activations(fixture.shift)).toThrow('was disposed of')
    fixture.dispose()
  })

  it("takes an open model of another variant in the plain form, with that model's scaling", async () => {
    const model = await openModel('cifar10')
    const [fromModel, fromName] = [await openLpips(model), await openLpips('cifar10')]
    expect(fromModel.form).toBe('plain')
    const [a, b] = await pictures(2)
    const found = await fromModel.compare(a!, b!)
    expect(found.layers).toHaveLength(5)
    expect((await fromName.compare(a!, b!)).distance).toBeCloseTo(found.distance, 5)
    const before = await model.classify(a!)
    fromModel.dispose()
    expect(await model.classify(a!)).toEqual(before)
    fromName.dispose()
    model.dispose()
  })

  it('says what does not fit', async () => {
    const short = { ...linear, 'lin3.model.1.weight': [1, 2] }
    await expect(openLpips(features, { linear: short })).rejects.toThrow(
      "linear: lin3.model.1.weight has 2 numbers, the network's activation 256 channels",
    )
    const [first] = Object.entries(linear)
    await expect(openLpips(features, { linear: Object.fromEntries([first!]) })).rejects.toThrow(
      'linear weights of 1 layers (lin0.model.1.weight, …), the network has 5 activations',
    )
    const broken = { ...linear, 'lin0.model.1.weight': new Float32Array(64).fill(Number.NaN) }
    await expect(openLpips(features, { linear: broken })).rejects.toThrow('not finite')
    const other = Buffer.concat(encodeSafetensors(asTensors({ something: [1] })))
    await expect(openLpips(other, { linear: false })).rejects.toThrow('does not say which network')
  })

  it('has the published weights as a record', () => {
    expect(lpipsAlex.bytes).toBe(6009)
    expect(lpipsAlex.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(lpipsAlex.urls[0]).toMatch(/\/lpips\/weights\/v0\.1\/alex\.pth$/)
  })

  // The published numbers are not committed: name a JSON file of them, or alex.pth itself.
  const { LPIPS_LINEAR } = process.env
  it.skipIf(!LPIPS_LINEAR)(
    `reads the published weights${LPIPS_LINEAR ? '' : ' (skipped: LPIPS_LINEAR names no file)'}`,
    async () => {
      const { published }: Fixture = JSON.parse(
        readFileSync(new URL('../fixtures/distances.json', import.meta.url), 'utf8'),
      )
      const path = LPIPS_LINEAR!
      const given = path.endsWith('.json') ? JSON.parse(readFileSync(path, 'utf8')) : path
      const lpips = await openLpips(features, { linear: given })
      const numbers = await Promise.all(lpips.linear!.map((row) => row.data()))
      expect(numbers.map((row) => row.length)).toEqual([64, 192, 384, 256, 256])
      expect(numbers.every((row) => row.every((value) => value >= 0))).toBe(true)
      const [a, b] = picturesOf(published)
      const { distance } = perceptualDistance(a, b, { lpips })
      expect(error(await distance.data(), published.distance)).toBeLessThan(1e-5)
      lpips.dispose()
    },
  )
})

describe('compare', () => {
  let lpips: Lpips
  beforeAll(async () => {
    lpips = await openLpips(features, { linear })
  })
  afterAll(() => lpips.dispose())

  it('gives each pair of many, of any size, what it gives alone', async () => {
    const [small, large] = [await pictures(4), await pictures(4, 96)]
    const a = [small[0]!, small[1]!, large[0]!, large[1]!, small[0]!]
    const b = [small[2]!, small[3]!, large[2]!, large[3]!, small[0]!]
    const together = await lpips.compare(a, b, { batchSize: 2 })
    expect(together.at(-1)!.distance).toBe(0)
    for (const [index, { distance, layers }] of together.entries()) {
      const alone = await lpips.compare(a[index]!, b[index]!)
      expect(distance).toBeCloseTo(alone.distance, 6)
      expect(layers.reduce((sum, layer) => sum + layer, 0)).toBeCloseTo(distance, 6)
    }
  })

  it('gives a map where it is asked for, largest where pictures differ', async () => {
    const [a] = await pictures(1)
    const b = { ...a!, data: Uint8Array.from(a!.data) }
    for (let y = 40; y < 56; y++)
      b.data.fill(y % 2 === 0 ? 255 : 0, (y * 64 + 40) * 3, (y * 64 + 56) * 3)
    const path = join(folder, 'b.png')
    await writeFile(path, await encodePng(b))
    const { map } = await lpips.compare(a!, path, { spatial: true })
    expect([map!.width, map!.height, map!.data.length]).toEqual([64, 64, 64 * 64])
    expect(map!.data[48 * 64 + 48]).toBeGreaterThan(10 * map!.data[4 * 64 + 4]!)
  })

  it('names the pictures that are no pair', async () => {
    const [[a], [b]] = [await pictures(1), await pictures(1, 80)]
    await expect(lpips.compare(a!, b!)).rejects.toThrow(
      'picture 0 has 64×64 pixels and picture 0 80×80',
    )
    await expect(lpips.compare([a!], [])).rejects.toThrow('1 and 0 pictures are no pairs')
    await expect(lpips.compare([a!], [a!], { batchSize: 0 })).rejects.toThrow('batchSize must be')
    await expect(lpips.compare('no-such.png', 'no-such.png')).rejects.toThrow('no-such.png')
  })
})

const pictures = async (count: number, size = 64) => {
  const drawn = shapes({ count, size, seed: 9 })
  return Promise.all(Array.from({ length: count }, (_, index) => drawn.load(index)))
}
