import { expect, it } from 'vitest'
import { nameOfBytes, shownPath, systemPath } from './file-names.ts'

it('leads from bytes to a name and back, whatever the bytes', () => {
  const names = [
    Buffer.from('gr\xfcn.jpg', 'latin1'),
    Buffer.from('grün 日本 🐈.jpg'),
    Buffer.from([0x61, 0xe2, 0x82, 0xff, 0xe2, 0x82, 0xac, 0xf0]),
    Buffer.from([0xed, 0xb3, 0xbc]),
  ]
  for (const bytes of names) {
    expect(Buffer.from(systemPath(nameOfBytes(bytes))).equals(bytes)).toBe(true)
  }
  // Python's os.fsdecode gives the same text.
  expect(nameOfBytes(names[0]!)).toBe('gr\udcfcn.jpg')
  expect(shownPath(nameOfBytes(names[0]!))).toBe('gr\\xfcn.jpg')
  expect(shownPath('grün')).toBe('grün')
})
