import { expect, it } from 'vitest'
import { csv } from './csv.ts'

it('quotes text, leaves numbers, and begins with a byte order mark', () => {
  expect(
    csv([
      ['a "b", c', 1],
      [' d\ne', -0.5],
    ]),
  ).toBe('\uFEFF"a ""b"", c",1\n" d\ne",-0.5')
})

it.each([
  '=HYPERLINK("http://a.example","b")',
  '+1',
  '-1+2',
  '@SUM(A1)',
  ' =1',
  '\t=1',
  '\r1',
  '＝1',
])('keeps spreadsheets from computing %j', (text) => {
  expect(csv([[text]])).toBe(`\uFEFF"'${text.replaceAll('"', '""')}"`)
})
