import { inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { readFixture } from '../testing.ts'
import { readPickle } from './pickle.ts'

const { files, variants } = readFixture<{
  files: Record<string, string>
  variants: Record<string, string>
}>('cifar.json')

function read(pickle: string) {
  return readPickle(Buffer.from(pickle, 'latin1'), 'batch')
}

describe('readPickle', () => {
  it('reads a dictionary of Python 2 strings, lists and numbers', () => {
    const content = readPickle(inflateSync(Buffer.from(files.data_batch_1!, 'base64')), 'batch')
    expect(content).toBeInstanceOf(Map)
    const map = content as Map<string, unknown>
    expect([...map.keys()]).toEqual(['batch_label', 'labels', 'data', 'filenames'])
    expect(map.get('labels')).toEqual([1, 4])
    expect(map.get('data')).toMatchObject({ kind: 'array', shape: [2, 3072] })
  })

  it.each([
    [
      'calls into the system',
      '\x80\x02cos\nsystem\n(U\x02lstR.',
      'names os.system, which is not allowed (at byte 2)',
    ],
    [
      'the same by STACK_GLOBAL',
      '\x80\x04\x8c\x02os\x8c\x06system\x93.',
      'names os.system, which is not allowed (at byte 14)',
    ],
    ['builtins', '\x80\x02c__builtin__\neval\n.', 'names __builtin__.eval'],
    [
      'another numpy function',
      '\x80\x02cnumpy.core.multiarray\nfromfile\n.',
      'names numpy.core.multiarray.fromfile',
    ],
    [
      'another codec',
      '\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x05\x00\x00\x00rot13\x86R.',
      'encodes other than latin1',
    ],
    ['an instance of a class', '\x80\x02(i__main__\nThing\n.', 'opcode 0x69 has no place'],
    ['a persistent id', '\x80\x02K\x01Q.', 'opcode 0x51 has no place in a CIFAR file (at byte 4)'],
    ['protocol 0', '(dp0\n.', 'opcode 0x64'],
    ['protocol 9', '\x80\x09.', 'protocol 9 is not 2 to 5 (at byte 0)'],
    ['an end too soon', '\x80\x02U\x09abc', 'is cut off (at byte 2)'],
    ['no end', '\x80\x02]', 'is cut off (at byte 3)'],
    ['an absurd length', '\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\xff', 'is cut off (at byte 2)'],
    ['an empty stack', '\x80\x02.', 'takes from an empty stack (at byte 2)'],
    ['a missing mark', '\x80\x02]e.', 'has no mark'],
    ['an unknown reference', '\x80\x02h\x05.', 'refers to value 5, which was not stored'],
    ['an append to a number', '\x80\x02K\x01K\x02a.', 'appends to what is no list'],
    ['an item of a list', '\x80\x02]K\x01K\x02s.', 'sets items of what is no dictionary'],
    ['a call of a number', '\x80\x02K\x01)R.', 'calls what is no function'],
    ['floats', '\x80\x02cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R.', 'another type than bytes (u1)'],
  ])('refuses %s', (_what, pickle, message) => {
    expect(() => read(pickle)).toThrow(message)
    expect(() => read(pickle)).toThrow(/^batch: .*; get the CIFAR file anew/)
  })

  it('refuses an array whose shape is not that of its bytes', () => {
    const bytes = inflateSync(Buffer.from(files.test_batch!, 'base64'))
    const at = bytes.indexOf('K\x01K\x03M\x00\x0c', 0, 'latin1')
    bytes[at + 3] = 4 // four pictures instead of three
    expect(() => readPickle(bytes, 'batch')).toThrow('shape [4,3072] with 9216 bytes')
  })

  it('cannot be made to use more memory than the file is long', () => {
    // One text, encoded again and again from the memo.
    const text = 'a'.repeat(200)
    const start = `\x80\x02(c_codecs\nencode\nq\x00X\xc8\x00\x00\x00${text}X\x06\x00\x00\x00latin1\x86q\x01R`
    expect(() => read(`${start}${'h\x00h\x01R'.repeat(50)}t.`)).toThrow(
      'encodes more bytes than it has',
    )
  })

  it('never reads past the end of a file cut off anywhere', () => {
    for (const packed of [files.test_batch!, variants['protocol-4']!, variants['protocol-5']!]) {
      const bytes = inflateSync(Buffer.from(packed, 'base64'))
      for (let length = 0; length < bytes.length; length += 97) {
        expect(() => readPickle(bytes.subarray(0, length), 'batch')).toThrow('batch: ')
      }
    }
  })
})
