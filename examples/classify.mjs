// What is in pictures: node classify.mjs cat.jpg dog.png
import { openModel } from '@alexnet/model'

const pictures = process.argv.slice(2)
const model = await openModel('cifar10') // or a path, an address, 'imagenet'
for (const [at, found] of (await model.classify(pictures, { topK: 3 })).entries()) {
  const classes = found.map(
    ({ label, probability }) => `${label} ${(100 * probability).toFixed(1)} %`,
  )
  console.log(`${pictures[at]}: ${classes.join(', ')}`)
}
model.dispose()
