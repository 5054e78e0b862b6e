import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { readSafetensors } from '@alexnet/weights'
import { expect, test, vi } from 'vitest'
import { cifar10 as browserModel } from './browser.ts'
import { cifar10 } from './index.ts'
import { cifar10Int8 } from './int8.ts'
import { cifar10Int8 as browserInt8 } from './int8-browser.ts'

test.each([cifar10, cifar10Int8])('the record of $name is that of the file', async (model) => {
  const bytes = await model.load()
  expect(bytes.byteLength).toBe(model.bytes)
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(model.sha256)
  const { tensors, metadata } = readSafetensors(bytes)
  expect(tensors.get('classifier.4.weight')!.shape).toEqual([10, 512])
  const { options, labels, preprocessing } = JSON.parse(metadata.alexnet!)
  expect(options.variant).toBe(model.architecture)
  expect(labels).toEqual(await model.labels())
  expect(preprocessing).toEqual(model.preprocessing)
})

test('int8 halves the bytes and costs next to nothing', () => {
  expect(cifar10Int8.bytes).toBeLessThan(0.51 * cifar10.bytes)
  expect(cifar10Int8.metrics.top1).toBeGreaterThanOrEqual(cifar10.metrics.top1 - 0.2)
})

test('the file is small enough to be downloaded by a page, and its numbers are finite', async () => {
  expect(cifar10.bytes).toBeLessThan(8_000_000)
  expect(cifar10Int8.bytes).toBeLessThan(2_600_000)
  const { tensors } = readSafetensors(await cifar10.load())
  let parameters = 0
  for (const { shape, data } of tensors.values()) {
    parameters += shape.reduce((product, length) => product * length, 1)
    expect(Array.from(data as ArrayLike<number>).every(Number.isFinite)).toBe(true)
  }
  expect(parameters).toBe(1_907_594)
})

test('the model card names the accuracies and the temperature of the records', async () => {
  const card = await readFile(new URL('../MODEL_CARD.md', import.meta.url), 'utf8')
  for (const { metrics } of [cifar10, cifar10Int8]) {
    expect(card).toContain(`${metrics.top1.toFixed(2)} %`)
    expect(card).toContain(`temperature ${metrics.temperature}`)
  }
})

test('a browser fetches the same file, and says so where it is not served', async () => {
  const file = await cifar10.load()
  const fetching = vi.spyOn(globalThis, 'fetch')
  fetching.mockImplementation(async () => new Response(new Uint8Array(file)))
  expect(Buffer.from(await browserModel.load()).equals(Buffer.from(file))).toBe(true)
  expect(String(fetching.mock.calls[0]![0])).toMatch(/\/model\.safetensors$/)
  fetching.mockImplementation(async () => new Response('', { status: 404 }))
  await expect(browserModel.load()).rejects.toThrow(
    /model\.safetensors answered 404: serve model\.safetensors .* load\(\{ url \}\)/,
  )
  fetching.mockImplementation(async () => new Response('<!doctype html><p>no such page'))
  await expect(browserModel.load()).rejects.toThrow(
    `is a web page, not the model of ${cifar10.bytes} bytes`,
  )
  fetching.mockImplementation(async () => new Response(new Uint8Array(file.subarray(0, 99))))
  await expect(browserModel.load()).rejects.toThrow('has 99 bytes, not the model')
  fetching.mockImplementation(async () => new Response('', { status: 404 }))
  await expect(browserInt8.load()).rejects.toThrow(
    /model-int8\.safetensors answered 404: serve model-int8\.safetensors/,
  )
  fetching.mockImplementation(async () => new Response(new Uint8Array(file)))
  for (const model of [browserModel, cifar10]) {
    expect(await model.load({ url: '/models/cifar10.safetensors' })).toHaveLength(file.length)
    expect(fetching.mock.lastCall![0]).toBe('/models/cifar10.safetensors')
  }
  fetching.mockRestore()
})
