// PyTorch's weights, without Python and executing nothing in the file: node load-pth.mjs alexnet.pth [picture.png]
import { openModel } from '@alexnet/model'
import { readCheckpointFile } from '@alexnet/weights/node'

const [path, picture] = process.argv.slice(2)

// The tensors alone, by name …
const { format, tensors } = await readCheckpointFile(path)
console.log(`${path}: ${format}`)
for (const [name, { dtype, shape }] of tensors)
  console.log(`  ${name}: ${dtype} ${shape.join('×')}`)

// … or the network that they are of.
if (picture) {
  const model = await openModel(path)
  const [best] = await model.classify(picture)
  console.log(`${model.variant}: class ${best.label}, ${(100 * best.probability).toFixed(1)} %`)
}
