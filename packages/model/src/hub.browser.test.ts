// A model of the Hub in a page: the weights go into the origin's private files and are found there the next time. The
// Hub is played by `fetch`; its routes are held to its own client in hub.test.ts.

import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { createAlexNet, exportWeights } from '@alexnet/core'
import { shapes } from '@alexnet/data'
import { encodeSafetensors } from '@alexnet/weights'
import { afterEach, expect, it, vi } from 'vitest'
import { openModel } from './browser.ts'

const COMMIT = '0123456789abcdef0123456789abcdef01234567'
afterEach(() => vi.unstubAllGlobals())

it('keeps the weights, and takes labels and preparation from beside them', async () => {
  await useBackend([cpu({ threads: 1 })])
  const network = createAlexNet({ variant: 'lenet-5', classes: 3, seed: 5 })
  const chunks = encodeSafetensors(await exportWeights(network))
  const weights = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer())
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', weights))
  const oid = [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  const config = JSON.stringify({
    label_names: ['ant', 'bee', 'cat'],
    pretrained_cfg: { input_size: [3, 32, 32], crop_pct: 1, mean: [0, 0, 0], std: [1, 1, 1] },
  })
  const names = ['model.safetensors', 'config.json']
  const lfs = { oid, size: weights.length, pointerSize: 130 }
  const hub = 'https://hub.example'
  const answers: Record<string, () => Response> = {
    [`${hub}/api/models/owner/name/revision/main`]: () =>
      Response.json({ sha: COMMIT, siblings: names.map((rfilename) => ({ rfilename })) }),
    [`${hub}/api/models/owner/name/paths-info/${COMMIT}`]: () =>
      Response.json([
        { path: names[0], oid: '', size: weights.length, lfs },
        { path: names[1], oid: '', size: config.length },
      ]),
    [`${hub}/owner/name/resolve/${COMMIT}/model.safetensors`]: () => new Response(weights),
    [`${hub}/owner/name/resolve/${COMMIT}/config.json`]: () => new Response(config),
  }
  const asked: string[] = []
  vi.stubGlobal('fetch', async (address: string | URL) => {
    const url = String(address).replace(/\?.*/, '')
    asked.push(url)
    return answers[url]!()
  })
  const picture = await shapes({ count: 1, size: 40 }).load(0)
  const found = []
  for (let time = 0; time < 2; time++) {
    const model = await openModel('hf:owner/name', { mirror: hub })
    expect(model.labels).toEqual(['ant', 'bee', 'cat'])
    expect(model.preprocessing).toMatchObject({ resize: 32, crop: 32, interpolation: 'bicubic' })
    found.push(await model.classify(picture))
    model.dispose()
  }
  expect(found[1]).toEqual(found[0])
  expect(asked.filter((url) => url.endsWith('.safetensors'))).toHaveLength(1)
})
