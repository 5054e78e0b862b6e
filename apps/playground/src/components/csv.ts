// Tables as CSV (RFC 4180), for spreadsheets to read and not to compute.

/** A table's text: every cell is quoted, and text that a spreadsheet would take for a formula begins with '. */
export const csv = (rows: readonly (readonly (string | number)[])[]): string =>
  rows.map((row) => row.map(cell).join()).join('\n')

function cell(value: string | number): string {
  const isFormula = typeof value === 'string' && /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/.test(value)
  return `"${isFormula ? "'" : ''}${String(value).replaceAll('"', '""')}"`
}
