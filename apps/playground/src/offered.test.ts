import { expect, it } from 'vitest'
import { offeredModels } from './offered.ts'

const record = {
  name: 'birds',
  description: 'Birds of our garden',
  urls: ['birds.safetensors', 'https://mirror.example/birds.safetensors'],
  bytes: 1000,
  sha256: 'a'.repeat(64),
  architecture: 'cifar',
  labels: ['tit', 'wren'],
  preprocessing: {
    resize: 32,
    crop: 32,
    mean: [0, 0, 0],
    std: [1, 1, 1],
    interpolation: 'bilinear',
  },
}

it('takes records, their addresses relative to the page', () => {
  const [model] = offeredModels([record], 'https://garden.example/see/index.html#/classify')
  expect(model!.urls).toEqual(['https://garden.example/see/birds.safetensors', record.urls[1]])
})

it('names what is wrong with a record', () => {
  const page = 'https://garden.example/'
  expect(() => offeredModels({}, page)).toThrow('models.json: expected a list of records')
  expect(() => offeredModels([record, { ...record, sha256: 'abc' }], page)).toThrow(
    "models.json: 'sha256' of record 1 is not 64 hexadecimal digits",
  )
  for (const key of Object.keys(record)) {
    expect(() => offeredModels([{ ...record, [key]: undefined }], page)).toThrow(`'${key}'`)
  }
  expect(() => offeredModels([null], page)).toThrow("'name' of record 0 is not text")
})
