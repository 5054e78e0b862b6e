import { describe, expect, it } from 'vitest'
import { CheckpointError } from '../error.ts'
import { storageOf, torchHost } from './globals.ts'
import { readPickle } from './pickle.ts'
import { TruncatedPickleError } from './pickle-bytes.ts'
import { findStateDict } from './state-dict.ts'
import { Dictionary, type List, Tuple } from './values.ts'

/** Instructions as text, `\x80` and the like for bytes. */
const code = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0))
const host = () => torchHost('x.pt', storageOf)
const read = (bytes: Uint8Array | string) =>
  readPickle(typeof bytes === 'string' ? code(bytes) : bytes, host(), { path: 'x.pt' }).value
/** What a file that holds this pickle gives. */
const tensorsOf = (bytes: Uint8Array | string) => findStateDict(read(bytes), 'x.pt').tensors

const int32 = (value: number) => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setInt32(0, value, true)
  return String.fromCharCode(...bytes)
}
const storage = (count: number) =>
  `(X${int32(7)}storagectorch\nFloatStorage\nX${int32(1)}0X${int32(3)}cpuJ${int32(count)}tQ`
const tensor = (count: number, offset: number, shape: number[], strides: number[]) =>
  `ctorch._utils\n_rebuild_tensor_v2\n(${storage(count)}J${int32(offset)}` +
  `(${shape.map((n) => `J${int32(n)}`).join('')}t(${strides.map((n) => `J${int32(n)}`).join('')}t` +
  `\x89ccollections\nOrderedDict\n)RtR`

describe('what pickles may do', () => {
  it('make plain values', () => {
    const value = read(`\x80\x02}(X${int32(1)}aK\x05X${int32(1)}b](G?\xf8\0\0\0\0\0\0\x88Neu.`)
    expect(value).toBeInstanceOf(Dictionary)
    const { entries } = value as Dictionary
    expect(entries.get('a')).toBe(5)
    expect((entries.get('b') as List).items).toEqual([1.5, true, null])
    expect(read('\x80\x02(K\x01K\x02\x8a\x02\x00\xfft.')).toEqual(new Tuple([1, 2, -256]))
    expect(read('\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\x7f.')).toBe(2n ** 71n - 1n)
  })

  it('make tensors as views that stay in their storage', () => {
    const { tensors } = findStateDict(read(`}X${int32(1)}w${tensor(6, 1, [2, 2], [1, 3])}s.`), '')
    expect(tensors.get('w')).toMatchObject({ offset: 1, shape: [2, 2], strides: [1, 3] })
  })
})

describe('calls of what is not known', () => {
  const state = `X${int32(1)}w${tensor(6, 0, [6], [1])}`
  const call = (args: string) => `cscripts\nmake\n(${args}tR`

  it('are passed over where no weight depends on them', () => {
    for (const value of [call(''), call('K\x01'), `${call('')}}X${int32(1)}aK\x01sb`]) {
      const text = `}(${state}X${int32(4)}args${value}u.`
      expect([...tensorsOf(text).keys()]).toEqual(['w'])
    }
  })

  it('are named where a tensor depends on them', () => {
    const text = `}(${state}X${int32(1)}v${call(tensor(6, 0, [6], [1]))}u.`
    expect(() => tensorsOf(text)).toThrow(/asks to call scripts\.make, .* for 'v' \(at byte/)
    const sparse = `ctorch._utils\n_rebuild_sparse_tensor\n)R`
    expect(() => tensorsOf(`}(${state}X${int32(1)}v${sparse}u.`)).toThrow(/not read for 'v'/)
    expect(() => tensorsOf(`}X${int32(1)}v${call('')}s.`)).toThrow(/asks to call scripts\.make/)
  })

  it('may be dictionaries of derived classes', () => {
    expect([...tensorsOf(`${call('')}(${state}u.`).keys()]).toEqual(['w'])
    expect([...tensorsOf(`cscripts\nState\n)\x81(${state}u.`).keys()]).toEqual(['w'])
  })
})

describe('names', () => {
  it('stand once', () => {
    const one = tensor(6, 0, [6], [1])
    const nested = `}(X${int32(3)}a.b${one}X${int32(1)}a}X${int32(1)}b${one}su.`
    expect(() => tensorsOf(nested)).toThrow(/two tensors called 'a\.b'/)
  })

  it('may be whole numbers of any size, and nothing else', () => {
    const one = tensor(6, 0, [6], [1])
    expect([...tensorsOf(`}\x8a\x08\0\0\0\0\0\0\0\x10${one}s.`).keys()]).toEqual([
      '1152921504606846976',
    ])
    expect(() => tensorsOf(`}N${one}s.`)).toThrow(/neither text nor number/)
  })
})

describe('hostile pickles', () => {
  it.each<[string, string, RegExp]>([
    ['a shell command', 'cposix\nsystem\n(U\x02idtR.', /asks to call posix\.system/],
    ['eval', 'cbuiltins\neval\n(U\x011tR.', /asks to call builtins\.eval/],
    ['a class called as a function', 'c__main__\nNet\n)R.', /asks to call __main__\.Net/],
    ['a protocol-0 instance', '(ios\nsystem\n.', /0x69 is not allowed/],
    ['an extension code', '\x82\x01.', /0x82 is not allowed/],
    ['an out-of-band buffer', '\x97.', /0x97 is not allowed/],
    ['a TorchScript program', 'c__torch__.net\nNet\n)R.', /TorchScript/],
    ['a sparse tensor', 'ctorch._utils\n_rebuild_sparse_tensor\n)R.', /not read/],
    ['an empty stack', '.', /where there is none/],
    ['a mark that was never set', 't.', /mark that was not set/],
    ['a memo that was never filled', 'h\x05.', /recalls value 5/],
    ['a call of a number', 'K\x01)R.', /calls what is no name/],
    ['a key without a value', '}(K\x01u.', /key without a value/],
    ['appending to a tuple', ')K\x01a.', /no list/],
    ['a negative string length', 'T\xff\xff\xff\xff.', /length of -1/],
    ['an enormous integer', '\x8b\xff\xff\xff\x7f.', /integer of 2147483647 bytes/],
    ['a future protocol', '\x80\x09N.', /protocol 9/],
    ['values left over', 'K\x01K\x02.', /left over/],
    ['a negative offset', `${tensor(6, -1, [1], [1])}.`, /negative or invalid offset/],
    ['a negative stride', `${tensor(6, 0, [2], [-1])}.`, /strides/],
    ['a negative extent', `${tensor(6, 0, [-2], [1])}.`, /invalid shape/],
    ['a tensor past its storage', `${tensor(6, 1, [2, 3], [3, 1])}.`, /leaves its storage of 6/],
    ['huge extents', `${tensor(6, 0, Array(5).fill(2 ** 30), Array(5).fill(0))}.`, /invalid shape/],
    ['a negative storage', `${storage(-5)}.`, /valid number of elements/],
    ['a persistent id of text', `X${int32(1)}aQ.`, /no tuple/],
  ])('are refused: %s', (_, text, message) => {
    expect(() => tensorsOf(text)).toThrow(message)
    expect(() => tensorsOf(text)).toThrow(CheckpointError)
    expect(() => tensorsOf(text)).toThrow(/^x\.pt: .*\(at byte \d+\)$/s)
  })

  it('are told from those that are only cut off', () => {
    const whole = code(`\x80\x02}X${int32(1)}w${tensor(6, 0, [6], [1])}s.`)
    for (let length = 0; length < whole.length; length++) {
      expect(() => read(whole.slice(0, length))).toThrow(TruncatedPickleError)
    }
  })

  it('cannot nest without end', () => {
    expect(() => read('('.repeat(2000))).toThrow(/nested deeper than 1000/)
    // A dictionary in a dictionary in … 200 deep, by the memo, and one that holds itself.
    const deep = `${`}X${int32(1)}a`.repeat(200)}K\x01${'s'.repeat(200)}.`
    expect(() => findStateDict(read(deep), 'x.pt')).toThrow(/nested deeper than 100/)
    const itself = `}q\0X${int32(1)}ah\0s.`
    expect(() => findStateDict(read(itself), 'x.pt')).toThrow(CheckpointError)
  })

  it('cannot unfold a few bytes into millions of tensors', () => {
    // Forty dictionaries, each holding the one before twice: 2⁴⁰ leaves.
    let text = `}X${int32(1)}w${tensor(1, 0, [1], [1])}sq\0`
    for (let i = 0; i < 40; i++) {
      text += `}(X${int32(1)}ah${String.fromCharCode(i)}X${int32(1)}bh${String.fromCharCode(i)}uq${String.fromCharCode(i + 1)}`
    }
    // Take the outermost out of the pile of those before.
    const pile = code(`(${text}t.`)
    const outermost = (read(pile) as Tuple).items.at(-1)!
    // Processor time, which a busy machine does not stretch.
    const start = process.cpuUsage()
    expect(() => findStateDict(outermost, 'x.pt')).toThrow(/no plausible checkpoint/)
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(3000)
  })

  it('cannot fill the memory', () => {
    const tooMuch = /far more memory than a file of its size/
    expect(() => read(`](${'}'.repeat(200_000)}e(${'}'.repeat(200_000)}`)).toThrow(tooMuch)
    expect(() => read(`(${'N'.repeat(900_000)}(${'N'.repeat(900_000)}`)).toThrow(/stack of over/)
    expect(() => read('K\x01'.repeat(1_100_000))).toThrow(/stack of over/)
    expect(() => read('N0'.repeat(2_600_000))).toThrow(/over 5000000 instructions/)
  })

  it('cannot copy one list over and over', () => {
    const items = 'K\x01'.repeat(20_000)
    const again = 'h\0h\x01R0'.repeat(20_000)
    const text = `cbuiltins\nset\nq\0](${items}e\x85q\x01${again}.`
    expect(() => read(text.replace('\x85q', 'q\x02\x85q'))).toThrow(/far more memory/)
    const pairs = `}(${Array.from({ length: 60_000 }, (_, i) => `J${int32(i)}N`).join('')}u`
    const copies = 'h\0h\x01R'.repeat(150)
    expect(() => read(`ccollections\nOrderedDict\nq\0${pairs}q\x02\x85q\x01${copies}.`)).toThrow(
      /far more memory/,
    )
  })

  it('cannot join two long names over and over', () => {
    const text = `X${int32(1_000_000)}${'a'.repeat(1_000_000)}q\0${'h\0h\0\x930'.repeat(3000)}.`
    const bytes = new Uint8Array(Buffer.from(text, 'latin1'))
    const start = process.cpuUsage()
    expect(() => read(bytes)).toThrow(/a name of over 1000 letters/)
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(2000)
  })

  it('reach no prototype', () => {
    const value = read(`}X${int32(9)}__proto__${tensor(1, 0, [1], [1])}s.`)
    expect([...findStateDict(value, '').tensors.keys()]).toEqual(['__proto__'])
    expect(({} as { shape?: unknown }).shape).toBeUndefined()
  })
})
