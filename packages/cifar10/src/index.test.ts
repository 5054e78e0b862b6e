import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { readSafetensors } from '@alexnet/weights'
import { expect, test, vi } from 'vitest'
import { cifar10 as browserModel } from './browser.ts'
import { cifar10 } from './index.ts'

test('the record is that of the file', async () => {
  const bytes = await cifar10.load()
  expect(bytes.byteLength).toBe(cifar10.bytes)
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(cifar10.sha256)
  const { tensors, metadata } = readSafetensors(bytes)
  expect(tensors.get('classifier.4.weight')!.shape).toEqual([10, 512])
  const { options, labels, preprocessing } = JSON.parse(metadata.alexnet!)
  expect(options.variant).toBe(cifar10.architecture)
  expect(labels).toEqual(await cifar10.labels())
  expect(preprocessing).toEqual(cifar10.preprocessing)
})

test('the file is small enough to be downloaded by a page, and its numbers are finite', async () => {
  expect(cifar10.bytes).toBeLessThan(8_000_000)
  const { tensors } = readSafetensors(await cifar10.load())
  let parameters = 0
  for (const { shape, data } of tensors.values()) {
    parameters += shape.reduce((product, length) => product * length, 1)
    expect(Array.from(data as ArrayLike<number>).every(Number.isFinite)).toBe(true)
  }
  expect(parameters).toBe(2_726_922)
})

test('the model card names the accuracy of the record', async () => {
  const card = await readFile(new URL('../MODEL_CARD.md', import.meta.url), 'utf8')
  expect(card).toContain(`${cifar10.metrics.top1.toFixed(2)} %`)
})

test('a browser fetches the same file, and says so where it is not served', async () => {
  const file = await cifar10.load()
  const fetching = vi.spyOn(globalThis, 'fetch')
  fetching.mockImplementation(async () => new Response(new Uint8Array(file)))
  expect(Buffer.from(await browserModel.load()).equals(Buffer.from(file))).toBe(true)
  expect(String(fetching.mock.calls[0]![0])).toMatch(/\/model\.safetensors$/)
  fetching.mockImplementation(async () => new Response('', { status: 404 }))
  await expect(browserModel.load()).rejects.toThrow(
    /model\.safetensors answered 404: serve .* cifar10\.load\(\{ url \}\)/,
  )
  fetching.mockImplementation(async () => new Response('<!doctype html><p>no such page'))
  await expect(browserModel.load()).rejects.toThrow('is a web page, not the model of 5455396 bytes')
  fetching.mockImplementation(async () => new Response(new Uint8Array(file.subarray(0, 99))))
  await expect(browserModel.load()).rejects.toThrow('has 99 bytes, not the model')
  fetching.mockImplementation(async () => new Response(new Uint8Array(file)))
  for (const model of [browserModel, cifar10]) {
    expect(await model.load({ url: '/models/cifar10.safetensors' })).toHaveLength(file.length)
    expect(fetching.mock.lastCall![0]).toBe('/models/cifar10.safetensors')
  }
  fetching.mockRestore()
})
