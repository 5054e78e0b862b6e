// Weights in pieces where a browser gives a page no hashes: by plain http.
import { afterEach, expect, it, vi } from 'vitest'
import { fetchPieces } from './pieces.ts'

afterEach(() => vi.unstubAllGlobals())

it('says what to do where nothing can be checked, before anything is fetched', async () => {
  const fetch = vi.fn()
  vi.stubGlobal('crypto', {})
  vi.stubGlobal('fetch', fetch)
  await expect(fetchPieces('http://host/pieces.json')).rejects.toThrow(/by https or from localhost/)
  expect(fetch).not.toHaveBeenCalled()
})
