import { expect, it } from 'vitest'
import { namedWeights, offeredModels } from './offered.ts'

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
  expect(model).toHaveProperty('urls', [
    'https://garden.example/see/birds.safetensors',
    record.urls[1],
  ])
})

it('takes lists of pieces', () => {
  const { name, description, bytes } = record
  const list = [{ name, description, bytes, pieces: 'birds/model.safetensors.json' }]
  const page = 'https://garden.example/see/'
  const [model] = offeredModels(list, page)
  expect(model).toEqual({ ...list[0], pieces: `${page}birds/model.safetensors.json` })
  expect(() => offeredModels([{ ...list[0], bytes: '1000' }], page)).toThrow(
    "models.json: 'bytes' of record 0 is not a whole number",
  )
  expect(() => offeredModels([{ ...list[0], pieces: 3 }], page)).toThrow(
    "'pieces' of record 0 is not the address of a list",
  )
})

it('takes the weights that an address names, by their list or its folder', () => {
  const page = 'https://garden.example/see/?weights=x'
  const named = (text: string) => namedWeights(`?weights=${encodeURIComponent(text)}`, page)
  expect(namedWeights('?lang=zh', page)).toBeUndefined()
  expect(named('https://mirror.example/alexnet/')).toEqual({
    name: 'imagenet',
    description: 'mirror.example/alexnet',
    pieces: 'https://mirror.example/alexnet/model.safetensors.json',
  })
  expect(named('w/list.json')!.pieces).toBe('https://garden.example/see/w/list.json')
  const none = 'http://[/list.json'
  expect(named(none)).toEqual({ name: 'imagenet', description: none, pieces: none })
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
