import { describe, expect, it } from 'vitest'
import { CheckpointError } from '../error.ts'
import { storageOf, torchHost } from './globals.ts'
import { ELEMENT_BYTES, ENTRY_BYTES, pickleMemory, readPickle } from './pickle.ts'
import { TruncatedPickleError } from './pickle-bytes.ts'
import { findStateDict } from './state-dict.ts'
import { ClassName, Dictionary, Instance, List, Tuple } from './values.ts'

/** Instructions as text, `\x80` and the like for bytes. */
const code = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))
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

/** A value as Python would print it, near enough. */
function shown(value: unknown): unknown {
  if (value instanceof List) return value.items.map(shown)
  if (value instanceof Tuple) return { tuple: value.items.map(shown) }
  if (value instanceof Dictionary) {
    return { dict: [...value.entries].map(([key, item]) => [shown(key), shown(item)]) }
  }
  if (value instanceof Uint8Array) return { bytes: [...value] }
  return value
}

describe('instructions', () => {
  // What pickle.loads of Python 3.11 gives; sets are lists here.
  it.each<[string, string, unknown]>([
    ['PROTO, FRAME', '\x80\x05\x95\x02\0\0\0\0\0\0\0K\x01', 1],
    ['POP', 'K\x01K\x020', 1],
    ['POP of a mark', 'K\x01(K\x0200', 1],
    ['POP_MARK', 'K\x01(K\x02K\x031', 1],
    ['NONE', 'N', null],
    ['NEWTRUE', '\x88', true],
    ['NEWFALSE', '\x89', false],
    ['BININT', 'J\xfe\xff\xff\xff', -2],
    ['BININT1', 'K\xff', 255],
    ['BININT2', 'M\x01\x02', 513],
    ['LONG1', '\x8a\x02\x00\xff', -256],
    ['LONG1 of no bytes', '\x8a\0', 0],
    ['LONG4', '\x8b\x02\0\0\0\x00\xff', -256],
    ['BINFLOAT', 'G\xbf\xf8\0\0\0\0\0\0', -1.5],
    ['SHORT_BINSTRING', 'U\x02\xe9a', 'éa'],
    ['BINSTRING', 'T\x02\0\0\0\xe9a', 'éa'],
    ['SHORT_BINUNICODE', '\x8c\x02\xc3\xa9', 'é'],
    ['BINUNICODE', 'X\x02\0\0\0\xc3\xa9', 'é'],
    ['BINUNICODE8', '\x8d\x02\0\0\0\0\0\0\0\xc3\xa9', 'é'],
    ['SHORT_BINBYTES', 'C\x02\x01\xff', { bytes: [1, 255] }],
    ['BINBYTES', 'B\x02\0\0\0\x01\xff', { bytes: [1, 255] }],
    ['BINBYTES8', '\x8e\x02\0\0\0\0\0\0\0\x01\xff', { bytes: [1, 255] }],
    ['BYTEARRAY8', '\x96\x02\0\0\0\0\0\0\0\x01\xff', { bytes: [1, 255] }],
    ['LIST', '(K\x01K\x02l', [1, 2]],
    ['FROZENSET', '(K\x01\x91', [1]],
    ['EMPTY_LIST, APPEND, APPENDS', ']K\x01a(K\x02K\x03e', [1, 2, 3]],
    ['EMPTY_SET, ADDITEMS', '\x8f(K\x01K\x02\x90', [1, 2]],
    ['EMPTY_TUPLE', ')', { tuple: [] }],
    ['TUPLE', '(K\x01K\x02t', { tuple: [1, 2] }],
    ['TUPLE1', 'K\x01\x85', { tuple: [1] }],
    ['TUPLE2', 'K\x00K\x01\x86', { tuple: [0, 1] }],
    ['TUPLE3', 'K\x00K\x01K\x02\x87', { tuple: [0, 1, 2] }],
    [
      'DICT',
      '(K\x01K\x02K\x03Nd',
      {
        dict: [
          [1, 2],
          [3, null],
        ],
      },
    ],
    [
      'EMPTY_DICT, SETITEM, SETITEMS',
      '}K\x01K\x02s(K\x03K\x04K\x05K\x06u',
      {
        dict: [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
      },
    ],
    ['BINPUT, BINGET', 'K\x01q\x070h\x07', 1],
    ['LONG_BINPUT', 'K\x01r\x05\0\0\0K\x02h\x05\x87', { tuple: [1, 2, 1] }],
    ['MEMOIZE, LONG_BINGET', '(]\x94K\x01\x94h\x00j\x01\0\0\0t', { tuple: [[], 1, [], 1] }],
  ])('%s', (_, text, expected) => {
    expect(shown(read(`${text}.`))).toEqual(expected)
  })

  it('that make and change objects keep what the pickle said, and make nothing', () => {
    const made = read('ca\nB\n(K\x01t\x81}K\x02K\x03sb(K\x04K\x05u.') as Instance
    expect(made).toBeInstanceOf(Instance)
    expect([made.className, shown(made.args[0])]).toEqual(['a.B', 1])
    expect(shown(made.attributes)).toEqual({ dict: [[2, 3]] })
    expect(shown(made.items)).toEqual({ dict: [[4, 5]] })
    const named = read('\x8c\x01a\x8c\x01B\x93)}\x92.') as Instance
    expect([named.className, named.args]).toEqual(['a.B', []])
    // Of a class derived from a list, and of what a call of it gave.
    expect((read('ca\nB\n)\x81K\x01a.') as Instance).className).toBe('a.B')
    const called = read('ca\nB\n)\x81K\x07\x85R.') as Instance
    expect([called.className, called.args]).toEqual(['a.B', [7]])
    expect(shown(read('}}b.'))).toEqual({ dict: [] })
    expect(shown(read(']}b.'))).toEqual([])
  })

  it('name a class and where the pickle names it', () => {
    const name = readPickle(code('..ca\nB\n.'), host(), { base: 100, start: 2 })
    expect(name.value).toEqual(new ClassName('a.B', 102))
    expect(name.end).toBe(8)
  })

  it.each<[string, string, RegExp]>([
    ['POP of nothing', '0.', /mark that was not set/],
    ['APPEND to nothing', 'K\x01a.', /changes a value where there is none/],
    ['APPEND to a dictionary', '}K\x01a.', /no list/],
    ['SETITEM of a list', ']K\x01K\x02s.', /no dictionary/],
    ['SETITEM of nothing', 'K\x01K\x02s.', /changes a value where there is none/],
    ['SETITEM of one value', '}K\x01s.', /takes 2 values|no dictionary|where there/],
    ['TUPLE3 of two', 'K\x01K\x02\x87.', /takes 3 values where there are fewer/],
    ['BINPUT of nothing', 'q\0.', /changes a value where there is none/],
    ['LONG_BINGET of nothing', 'j\x01\x02\0\0.', /recalls value 513/],
    ['BUILD of a number', 'K\x01}b.', /no object/],
    ['BUILD of None', 'N}b.', /no object/],
    ['BUILD of nothing', '}b.', /where there is none/],
    ['REDUCE without a tuple', 'ca\nB\n]R.', /calls what is no name/],
    ['NEWOBJ of text', 'U\x01a)\x81.', /no class/],
    ['NEWOBJ without a tuple', 'ca\nB\n]\x81.', /no class/],
    ['STACK_GLOBAL of a number', 'K\x01U\x01a\x93.', /a name that is no text/],
    ['STACK_GLOBAL without a name', 'U\x01aK\x01\x93.', /a name that is no text/],
    ['protocol 6', '\x80\x06N.', /protocol 6/],
    ['an open mark at its end', '(N.', /left over|mark/],
    ['an instruction below 16', '\x01.', /0x01 is not allowed/],
  ])('are refused where they make no sense: %s', (_, text, message) => {
    expect(() => read(text)).toThrow(message)
    expect(() => read(text)).toThrow(CheckpointError)
  })

  it('say where they stand in the file', () => {
    const bytes = code('??NK\x01)R.')
    const reading = () => readPickle(bytes, host(), { path: 'x.pt', base: 1000, start: 2 })
    expect(reading).toThrow('(at byte 1006)')
  })
})

describe('texts and names', () => {
  it('of over 64 KiB without encoding are bytes, as Python 2 kept arrays', () => {
    const text = (count: number) => `T${int32(count)}${'\xe9'.repeat(count)}.`
    expect(read(text(65_536))).toBe('é'.repeat(65_536))
    expect(read(text(65_537))).toEqual(new Uint8Array(65_537).fill(0xe9))
    const unicode = `X${int32(65_537)}${'a'.repeat(65_537)}.`
    expect(read(unicode)).toBe('a'.repeat(65_537))
  })

  it('of modules and classes have at most 1,000 letters', () => {
    const global = (module: number, name: number) =>
      `X${int32(module)}${'a'.repeat(module)}X${int32(name)}${'b'.repeat(name)}\x93.`
    expect((read(global(1000, 1000)) as ClassName).name).toHaveLength(2001)
    expect(() => read(global(1001, 1))).toThrow(/over 1000 letters/)
    expect(() => read(global(1, 1001))).toThrow(/over 1000 letters/)
  })
})

describe('memory', () => {
  it('of a file’s values may be 24 MiB and four times the file', () => {
    expect(pickleMemory(0)).toBe(24 * 1024 ** 2)
    expect(pickleMemory(1000)).toBe(24 * 1024 ** 2 + 4000)
    expect([ENTRY_BYTES, ELEMENT_BYTES]).toEqual([48, 12])
  })

  // Records 96, dictionaries 240, texts 32 and 2 a letter, entries 48, elements 12, marks 96.
  it.each<[string, string, number]>([
    ['a number', 'K\x01', 0],
    ['a dictionary', '}', 240],
    ['a list', ']', 96],
    ['bytes', 'C\x02ab', 96],
    ['a text', 'U\x02ab', 36],
    ['a text of letters of two bytes', '\x8c\x04\xc3\xa9\xc3\xa9', 40],
    ['three tuples', ')))\x87', 4 * 96],
    ['a list of two', '(K\x01K\x02l', 96 + 2 * 12 + 96],
    ['what is appended', ']K\x01aK\x02a', 96 + 2 * 12],
    ['what is appended at once', ']K\x01a(K\x02K\x03e', 96 + 12 + 96 + 2 * 12 + 2 * 12],
    ['what is set', '}K\x01K\x02s', 240 + 48],
    ['what is set at once', '}(K\x01K\x02K\x03K\x04u', 240 + 96 + 4 * 12 + 2 * 48],
    ['what is remembered', 'K\x01q\0', 48],
    ['what is remembered again', 'K\x01q\0q\x01', 96],
    ['what is recalled', ']q\0h\0\x86', 96 + 48 + 96],
    ['a name', 'ca\nbc\n', 2 * 3 + 96],
    ['an object', 'ca\nb\n)\x81', 2 * 2 + 96 + 96 + 96],
  ])('is counted: %s', (_, text, bytes) => {
    // What is over is taken off the stack again, so that one value is left.
    const run = (memory: number) => readPickle(code(`${text}.`), host(), { memory })
    const ends = () => {
      try {
        run(bytes)
      } catch (error) {
        expect(String(error)).toMatch(/left over/)
      }
    }
    ends()
    if (bytes > 0) expect(() => run(bytes - 1)).toThrow(/far more memory/)
  })

  it('is at most 1,000 open marks, and a million records', () => {
    const nested = (depth: number) => `${'('.repeat(depth)}${'t'.repeat(depth)}.`
    expect(read(nested(1000))).toBeInstanceOf(Tuple)
    expect(() => read(nested(1001))).toThrow(/nested deeper than 1000/)
    const lists = (count: number) =>
      readPickle(code(`${')0'.repeat(count)}N.`), host(), { memory: 2 ** 30 })
    expect(lists(1_000_000).value).toBe(null)
    expect(() => lists(1_000_001)).toThrow(/over 1000000 lists/)
  })

  it('is a memo and a stack of at most a million values', () => {
    const memo = (count: number) =>
      readPickle(code(`N${'\x94'.repeat(count)}.`), host(), { memory: 2 ** 30 })
    expect(memo(1_000_000).value).toBe(null)
    expect(() => memo(1_000_001)).toThrow(/memo of over 1000000 values/)
    const stack = (below: number, above: number) =>
      read(`${'N'.repeat(below)}(${'N'.repeat(above)}1${'0'.repeat(below - 1)}.`)
    expect(stack(600_000, 400_000)).toBe(null)
    expect(() => stack(600_000, 400_001)).toThrow(/stack of over 1000000 values/)
    // What lies below a mark is counted once, and no more once the mark is gone.
    const again = `${'N'.repeat(600_000)}(1(1${'N'.repeat(400_000)}${'0'.repeat(999_999)}.`
    expect(read(again)).toBe(null)
  })

  it('is five million instructions', () => {
    const run = (count: number) => read(`${'N0'.repeat((count - 1) / 2)}N.`)
    expect(run(4_999_999)).toBe(null)
    expect(() => run(5_000_001)).toThrow(/over 5000000 instructions/)
  })
})
