// Plain text tables of at most 80 columns, and the same rows in Markdown.

export interface Column {
  head: string
  /** Numbers stand to the right. */
  align: 'left' | 'right'
}

export const WIDTH = 80
const GAP = '  '

/** Lines of a table; a text column that would make it too wide is cut with an ellipsis. */
export function textTable(columns: readonly Column[], rows: readonly string[][]): string[] {
  const widths = columns.map(({ head }, i) =>
    Math.max(head.length, ...rows.map((row) => row[i]!.length)),
  )
  const total = () => widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1))
  while (total() > WIDTH) {
    const texts = columns.flatMap(({ align }, i) => (align === 'left' ? [i] : []))
    const widest = texts.reduce((best, i) => (widths[i]! > widths[best]! ? i : best), texts[0] ?? 0)
    if (widths[widest]! <= 4) break
    widths[widest]! -= 1
  }
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => {
        const width = widths[i]!
        const cut = cell.length > width ? `${cell.slice(0, width - 1)}…` : cell
        return columns[i]!.align === 'left' ? cut.padEnd(width) : cut.padStart(width)
      })
      .join(GAP)
      .trimEnd()
  const heads = line(columns.map(({ head }) => head))
  return [heads, '─'.repeat(Math.min(WIDTH, total())), ...rows.map(line)]
}

export function markdownTable(columns: readonly Column[], rows: readonly string[][]): string[] {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    row(columns.map(({ head }) => head)),
    row(columns.map(({ align }) => (align === 'left' ? '---' : '---:'))),
    ...rows.map(row),
  ]
}

/** Breaks text at spaces into lines of at most 80 columns. */
export function wrap(text: string, indent = ''): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const next = line === '' ? word : `${line} ${word}`
    if (line !== '' && next.length > WIDTH - (lines.length ? indent.length : 0)) {
      lines.push(`${lines.length ? indent : ''}${line}`)
      line = word
    } else line = next
  }
  lines.push(`${lines.length ? indent : ''}${line}`)
  return lines
}
