// Classes of one's own from a folder of class folders: node fine-tune.mjs pictures mine.safetensors
import { createAlexNet, exportWeights, loadWeights } from '@alexnet/core'
import { cifarTrain, loader, openDataset } from '@alexnet/data'
import { openModel, toMetadata } from '@alexnet/model'
import { oneCycle, Sgd, Trainer } from '@alexnet/train'
import { saveSafetensors } from '@alexnet/weights/node'

const [folder, out] = process.argv.slice(2)
const dataset = await openDataset(folder)
const labels = dataset.classes

// The bundled network's layers, all but the last, which gets a new one for these classes.
const known = await openModel('cifar10')
const options = { variant: known.variant, classes: labels.length }
const network = createAlexNet(options)
const weights = await exportWeights(known.network)
for (const name of ['classifier.4.weight', 'classifier.4.bias']) weights.delete(name)
loadWeights(network, weights, { strict: false })

const { preprocessing, ...preset } = cifarTrain({ like: known.preprocessing })
const trainer = new Trainer({ model: network, optimizer: new Sgd({ momentum: 0.9 }) })
const events = trainer.fit({
  epochs: 3,
  headEpochs: 1, // the new layer alone at first
  batches: ({ epoch, start }) =>
    loader({ dataset, ...preset, batchSize: 16, shuffle: true, seed: 1, epoch, start }),
  schedule: oneCycle(0.01),
})
for await (const { type, epoch, train } of events) {
  if (type === 'epoch') console.log(`epoch ${epoch}: loss ${train.loss.toFixed(2)}`)
}
const metadata = toMetadata({ options, labels, preprocessing })
await saveSafetensors(out, await exportWeights(network), metadata)
console.log(`written ${out}: openModel('${out}') opens it`)
