// Labels of pictures: from a table of names and labels, or from the folders that the pictures lie in.
import { csvParseRows } from 'd3-dsv'

/**
 * Reads `name,label`, a picture a row, with or without a row of titles.
 * @throws Error that names the file and the row, and says what to do
 */
export function parseLabels(text: string, file: string): Map<string, string> {
  const rows = csvParseRows(text.replace(/^\uFEFF/, ''))
  const labels = new Map<string, string>()
  for (const [index, row] of rows.entries()) {
    const [name = '', label = ''] = row.map((cell) => cell.trim())
    if (row.length === 1 && name === '') continue
    if (index === 0 && /^(file|name|filename|path|picture|image)$/i.test(name)) continue
    if (!name || !label) {
      throw new Error(
        `${file}, row ${index + 1}: a picture's name and its label are expected, such as cat-1.png,cat`,
      )
    }
    labels.set(baseName(name), label)
  }
  if (labels.size > 0) return labels
  throw new Error(`${file} has no labels: each row is a picture's name and its label`)
}

/** What a picture's name is in any folder. */
export const baseName = (path: string): string => path.split(/[\\/]/).at(-1)!

/** The folder that a picture's file lies in, where the browser tells; '' otherwise. */
export function folderOf(file: Blob): string {
  const {
    webkitRelativePath = '',
    relativePath = '',
    path = '',
  } = file as Blob & {
    webkitRelativePath?: string
    /** By file-selector, of what was dropped. */
    relativePath?: string
    path?: string
  }
  const parts = (webkitRelativePath || relativePath || path).split('/').slice(0, -1)
  const folder = parts.at(-1) ?? ''
  return folder === '.' ? '' : folder
}

/** The number of the class that a label names, -1 where there is none; a class may have several names, commas between. */
export function classOf(label: string, labels: readonly string[]): number {
  const plain = (text: string) => text.trim().toLowerCase()
  const wanted = plain(label)
  const whole = labels.findIndex((name) => plain(name) === wanted)
  if (whole >= 0) return whole
  return labels.findIndex((name) => name.split(',').some((part) => plain(part) === wanted))
}
