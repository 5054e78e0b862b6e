// Addresses: what is read is what was written.
import { expect, it, vi } from 'vitest'
import {
  address,
  choose,
  formatAddress,
  formatParts,
  parseAddress,
  parseParts,
  wholeNumbers,
} from './address.ts'

it.each([
  '#/look?model=shapes&picture=ring&layer=features.0&unit=3,12,20&off=features.0:1,4;features.1&map=occlusion:2',
  '#/tour/3',
  '#/classify',
  '#/look?model=my%20own%26best',
])('writes %s as it was read', (hash) => {
  expect(formatAddress(parseAddress(hash))).toBe(hash)
})

it('takes an address without anything for the front page', () => {
  expect(parseAddress('')).toEqual({ page: '', step: '', fields: {} })
})

it('leaves out what is not chosen', () => {
  const fields = { model: 'shapes', unit: '', off: undefined }
  expect(formatAddress({ page: 'look', step: '', fields })).toBe('#/look?model=shapes')
})

it('has parts of the network, whole and by channels', () => {
  const parts = [{ layer: 'features.0', channels: [1, 4] }, { layer: 'features.1' }]
  expect(parseParts(formatParts(parts))).toEqual(parts)
  expect(parseParts()).toEqual([])
})

it('passes over what is no number', () => {
  expect(wholeNumbers('3,x,-1,2.5,7')).toEqual([3, 7])
})

it.each([
  ['another page', '#/'],
  ['the same page as it was before', '#/look?model=cifar10'],
])(
  'a choice that comes after Back to %s, before the event that tells of it, is dropped',
  (_, before) => {
    const replaced: string[] = []
    vi.stubGlobal('location', { hash: '#/look' })
    vi.stubGlobal('history', {
      state: null,
      replaceState: (_: unknown, __: string, to: string) => replaced.push(to),
    })
    address.set(parseAddress('#/look'))
    choose({ model: 'shapes' })
    expect(replaced).toEqual(['#/look?model=shapes'])
    vi.stubGlobal('location', { hash: before })
    choose({ picture: 'ring' })
    expect(replaced).toHaveLength(1)
    expect(address.value.fields).toEqual({ model: 'shapes' })
    vi.unstubAllGlobals()
  },
)
