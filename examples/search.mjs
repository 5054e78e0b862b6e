// Pictures that look alike: node search.mjs query.png picture.png picture.png …
import { openModel } from '@alexnet/model'

const [query, ...pictures] = process.argv.slice(2)
const model = await openModel('cifar10')

/** A picture's features, of length 1, so that products of two are cosines. */
async function features(picture) {
  const { data } = await model.features(picture)
  const length = Math.hypot(...data)
  return data.map((value) => value / length)
}

const wanted = await features(query)
const found = []
for (const picture of pictures) {
  const other = await features(picture)
  found.push({ picture, cosine: other.reduce((sum, value, at) => sum + value * wanted[at], 0) })
}
found.sort((a, b) => b.cosine - a.cosine)
for (const { picture, cosine } of found) console.log(cosine.toFixed(3), picture)
