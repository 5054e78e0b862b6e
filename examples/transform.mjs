// A transform of one's own: some squares of a picture become grey. It stands in a pipeline like those of the package.
import { loader, shapes } from '@alexnet/data'
import { randomCrop, randomHorizontalFlip } from '@alexnet/data/transforms'

/** Covers `count` squares of `side` pixels. What chance decides is drawn apart from what is done to the pixels. */
const greySquares = ({ count, side }) => ({
  name: 'greySquares',
  sample: (random, { width, height }) =>
    Array.from({ length: count }, () => ({
      x: Math.floor(random.float() * (width - side)),
      y: Math.floor(random.float() * (height - side)),
    })),
  outputSize: (size) => size,
  apply({ width, height, data }, squares) {
    const copy = data.slice()
    for (const { x, y } of squares) {
      for (let row = y; row < y + side; row++) {
        copy.fill(128, 3 * (row * width + x), 3 * (row * width + x + side))
      }
    }
    return { width, height, data: copy }
  },
})

const transforms = [
  randomCrop({ size: 28 }),
  randomHorizontalFlip(),
  greySquares({ count: 3, side: 6 }),
]
const mean = [0.5, 0.5, 0.5]
const std = [0.25, 0.25, 0.25]
const dataset = shapes({ count: 8 })
for await (const { images } of loader({ dataset, transforms, mean, std, batchSize: 8, seed: 1 })) {
  const grey = images.filter((value) => Math.abs(value - (128 / 255 - 0.5) / 0.25) < 1e-6).length
  console.log(`${((100 * grey) / images.length).toFixed(0)} % of the values are grey`)
}
