// Tables as CSV (RFC 4180), for spreadsheets to read and not to compute.

/**
 * A table's text, which begins with a byte order mark: by that spreadsheets know that it is UTF-8. Text is quoted, and
 * begins with ' where a spreadsheet would take it for a formula.
 */
export const csv = (rows: readonly (readonly (string | number)[])[]): string =>
  `\uFEFF${rows.map((row) => row.map(cell).join()).join('\n')}`

function cell(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const isFormula = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/.test(value)
  return `"${isFormula ? "'" : ''}${value.replaceAll('"', '""')}"`
}
