// Labels of pictures: tables as people write them, folders as browsers tell of them.
import { expect, it } from 'vitest'
import { classOf, folderOf, parseLabels } from './labels-file.ts'

it('reads names and labels, with a row of titles or without', () => {
  const expected = new Map([
    ['a.png', 'cat'],
    ['b "x", y.png', 'sea, blue'],
  ])
  const rows = 'a.png,cat\r\n"b ""x"", y.png","sea, blue"\n'
  expect(parseLabels(rows, 'l.csv')).toEqual(expected)
  expect(parseLabels(`\uFEFFname,label\n${rows}\n`, 'l.csv')).toEqual(expected)
  expect(parseLabels('photos/2024/a.png,cat', 'l.csv').get('a.png')).toBe('cat')
})

it('says which row is wrong', () => {
  expect(() => parseLabels('a.png,cat\nb.png', 'l.csv')).toThrow('l.csv, row 2: ')
  expect(() => parseLabels('a.png,', 'l.csv')).toThrow('l.csv, row 1: ')
  expect(() => parseLabels('', 'l.csv')).toThrow('l.csv has no labels')
})

it('takes the folder of a file for its label', () => {
  const file = (fields: object) => Object.assign(new Blob([]), fields)
  expect(folderOf(file({ webkitRelativePath: 'set/cat/1.png' }))).toBe('cat')
  expect(folderOf(file({ relativePath: './set/dog/1.png' }))).toBe('dog')
  expect(folderOf(file({ path: './1.png' }))).toBe('')
  expect(folderOf(file({ path: '1.png' }))).toBe('')
  expect(folderOf(new Blob([]))).toBe('')
})

it('finds the class that a label names', () => {
  const labels = ['tench, Tinca tinca', 'goldfish']
  expect(classOf('Goldfish ', labels)).toBe(1)
  expect(classOf('tinca tinca', labels)).toBe(0)
  expect(classOf('tench, Tinca tinca', labels)).toBe(0)
  expect(classOf('carp', labels)).toBe(-1)
})
