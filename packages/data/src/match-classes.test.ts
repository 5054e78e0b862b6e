import { describe, expect, it } from 'vitest'
import type { Dataset } from './dataset.ts'
import { matchClasses } from './match-classes.ts'

/** A data set with a picture of each label. */
function dataset(classes: readonly string[], labels = classes.map((_, at) => at)): Dataset {
  return {
    name: 'pictures',
    classes,
    length: labels.length,
    label: (index) => labels[index]!,
    load: async () => ({ width: 1, height: 1, data: new Uint8Array(3) }),
    path: (index) => `${index}`,
    fingerprint: async () => '',
  }
}

function match(ours: readonly string[], theirs: readonly string[], labels?: number[]) {
  const source = dataset(ours, labels)
  const matched = matchClasses(source, theirs, { owner: 'the model' })
  const names = Array.from({ length: source.length }, (_, at) => theirs[matched.dataset.label(at)])
  expect(matched.dataset.classes).toBe(matched.dataset === source ? ours : theirs)
  return { names, warnings: matched.warnings }
}

const numbers = (count: number) => Array.from({ length: count }, (_, at) => String(at))

describe('matchClasses', () => {
  it('goes by name, whatever the order, where one side has more, too', () => {
    expect(match(['b', 'c'], ['a', 'b', 'c'])).toEqual({ names: ['b', 'c'], warnings: [] })
    expect(match(['c', 'a', 'b'], ['a', 'b', 'c']).names).toEqual(['c', 'a', 'b'])
    // What has no pictures need not be known.
    expect(match(['x', 'b'], ['a', 'b'], [1, 1]).names).toEqual(['b', 'b'])
  })

  it('takes composed and decomposed letters for the same', () => {
    expect(match(['cafe\u0301', 'tea'], ['caf\u00e9', 'tea'])).toEqual({
      names: ['caf\u00e9', 'tea'],
      warnings: [],
    })
    expect(match(['tea', 'cafe\u0301'], ['caf\u00e9', 'tea']).names).toEqual(['tea', 'caf\u00e9'])
  })

  it('goes by number where both sides have numbers, and says so where folders are in the order of text', () => {
    const folders = numbers(12).sort()
    expect(folders.slice(0, 3)).toEqual(['0', '1', '10'])
    const { names, warnings } = match(folders, numbers(12))
    expect(names).toEqual(folders)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('matched by number (its 0, 1, 10, 11, … are those numbers')
    // Other numbered classes are names like others.
    expect(match(numbers(12), folders)).toEqual({ names: numbers(12), warnings: [] })
    expect(match(['000', '001', '010'], numbers(11)).names).toEqual(['0', '1', '10'])
  })

  it('goes by place where one side has no names, and says in which order', () => {
    const named = match(['cat', 'dog'], ['0', '1'])
    expect(named.names).toEqual(['0', '1'])
    expect(named.warnings[0]).toContain('matched by their places')
    expect(named.warnings[0]).toContain('cat as 0, dog as 1')
    const numbered = match(numbers(3), ['cat', 'dog', 'emu', 'fox'], [2, 0])
    expect(numbered.names).toEqual(['emu', 'cat'])
    expect(numbered.warnings[0]).toContain('0 as cat, 1 as dog, 2 as emu')
  })

  it('refuses classes that the other side does not know, or has twice', () => {
    expect(() => match(['a', 'd', 'e'], ['a', 'b'])).toThrow(
      'pictures: the model does not know the classes d, e; it knows a, b',
    )
    expect(() => match(numbers(5), ['cat', 'dog'])).toThrow('does not know the classes 0, 1')
    expect(() => match(['cat', 'dog', 'emu'], ['0', '1'])).toThrow('does not know the classes')
    expect(() => match(['crane'], ['crane', 'owl', 'crane'])).toThrow('has two classes "crane"')
    expect(match(['crane', 'crane'], ['crane', 'crane']).warnings).toEqual([])
  })
})
