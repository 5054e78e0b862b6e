// Results of the conformance tests: from single tests to a row for each backend and runtime, and to the
// tables that a person reads.

/** What became of one test. */
export interface TestRecord {
  backend: string
  operation: string
  test: string
  state: 'passed' | 'failed' | 'skipped'
  /** Why it failed. */
  message?: string
  /** The largest relative error of its comparisons; null where it was skipped. */
  worst: number | null
  /** What it ran on; null where it was skipped. */
  device: string | null
  seconds: number
}

export interface OperationResult {
  operation: string
  passed: number
  failed: number
  skipped: number
  worstRelativeError: number
}

/** A backend in one runtime. */
export interface BackendResult {
  name: string
  /** 'Node' or 'Chromium'. */
  runtime: string
  /** The processor or GPU under it; '' where nothing ran. */
  device: string
  passed: number
  failed: number
  skipped: number
  worstRelativeError: number
  operations: OperationResult[]
  failures: { operation: string; test: string; message: string }[]
  skips: { operation: string; test: string; reason: string }[]
}

/** Tests of AlexNet's own shapes that a backend leaves out carry no reason of their own. */
const TOO_SLOW = 'takes minutes here, or runs in Node by the same code; --thorough has it on a GPU'

/** A row for each backend, in the order in which they came. */
export function summarize(tests: readonly TestRecord[], runtime: string): BackendResult[] {
  const names = [...new Set(tests.map(({ backend }) => backend))]
  return names.map((name) => {
    const own = tests.filter(({ backend }) => backend === name)
    const operations = [...new Set(own.map(({ operation }) => operation))]
    return {
      name,
      runtime,
      ...counts(own),
      device: own.find(({ device }) => device)?.device ?? '',
      operations: operations.map((operation) => ({
        operation,
        ...counts(own.filter((test) => test.operation === operation)),
      })),
      failures: own
        .filter(({ state }) => state === 'failed')
        .map(({ operation, test, message = '' }) => ({ operation, test, message })),
      skips: own
        .filter(({ state }) => state === 'skipped')
        .map(({ operation, test }) => ({
          operation,
          test,
          reason: /^skipped: (.*)/.exec(test)?.[1] ?? TOO_SLOW,
        })),
    }
  })
}

function counts(tests: readonly TestRecord[]) {
  const count = (state: TestRecord['state']) => tests.filter((test) => test.state === state).length
  return {
    passed: count('passed'),
    failed: count('failed'),
    skipped: count('skipped'),
    worstRelativeError: Math.max(0, ...tests.map(({ worst }) => worst ?? 0)),
  }
}

/** An error in two digits, `–` where nothing was compared with a tolerance. */
export function formatError(error: number | undefined): string {
  if (error === undefined) return ''
  return error === 0 ? 'exact' : error.toExponential(1)
}

/** Rows of text in columns: the first to the left, the others to the right. */
export function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** A Markdown table whose columns stand below each other, as a formatter leaves it. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(3, ...rows.map((row) => row[column]!.length)))
  const line = (cells: readonly string[], fill = ' ') =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!, fill)).join(' | ')} |`
  const [head, ...body] = rows
  const rule = head!.map(() => '')
  return [line(head!), line(rule, '-'), ...body.map((row) => line(row))].join('\n')
}
