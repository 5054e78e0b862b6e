// The pictures that the page has at hand.
import { expect, it } from 'vitest'
import { addImages, addWhereNone, dropped, images, MOST_IMAGES, selected } from './session.ts'

const files = (count: number, name: string) =>
  Array.from({ length: count }, (_, index) => ({ name: `${name} ${index}`, blob: new Blob() }))

it('keeps the newest pictures first, and counts those that it leaves out', () => {
  addImages(files(3, 'old'))
  expect(images.value.map(({ name }) => name)).toEqual(['old 0', 'old 1', 'old 2'])
  addImages(files(MOST_IMAGES - 1, 'new'))
  expect(images.value).toHaveLength(MOST_IMAGES)
  expect(images.value.at(-1)!.name).toBe('old 0')
  expect(images.value.find(({ id }) => id === selected.value)!.name).toBe('new 0')
  expect(dropped.value).toBe(2)
  addImages([])
  expect(dropped.value).toBe(2)
})

it('begins with pictures where there are none, and leaves those alone that came first', async () => {
  images.set([])
  const late = Promise.resolve(files(1, 'sample'))
  const adding = addWhereNone(late)
  addImages(files(2, 'own'))
  await adding
  expect(images.value.map(({ name }) => name)).toEqual(['own 0', 'own 1'])
  images.set([])
  await addWhereNone(late)
  expect(images.value.map(({ name }) => name)).toEqual(['sample 0'])
})
