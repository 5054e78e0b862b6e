import { describe, expect, it } from 'vitest'
import { markdownTable, textTable, WIDTH, wrap } from './table.ts'

const columns = [
  { head: 'engine', align: 'left' },
  { head: 'ms', align: 'right' },
] as const

describe('textTable', () => {
  it('aligns text to the left and numbers to the right', () => {
    expect(
      textTable(columns, [
        ['ours', '9.1'],
        ['theirs', '12.5'],
      ]),
    ).toEqual(['engine    ms', '────────────', 'ours     9.1', 'theirs  12.5'])
  })

  it('cuts text, never numbers, to stay within 80 columns', () => {
    const lines = textTable(columns, [['e'.repeat(100), '12345.678']])
    expect(Math.max(...lines.map((line) => line.length))).toBe(WIDTH)
    expect(lines[2]).toMatch(/^e+… {2}12345\.678$/)
  })
})

it('makes the same rows in Markdown', () => {
  expect(markdownTable(columns, [['ours', '9.1']])).toEqual([
    '| engine | ms |',
    '| --- | ---: |',
    '| ours | 9.1 |',
  ])
})

it('wraps at spaces and keeps words whole', () => {
  const lines = wrap(`${'word '.repeat(40)}end`, '  ')
  expect(lines.every((line) => line.length <= WIDTH)).toBe(true)
  expect(lines.slice(1).every((line) => line.startsWith('  w'))).toBe(true)
  expect(lines.join(' ').replace(/ +/g, ' ')).toBe(`${'word '.repeat(40)}end`)
})
