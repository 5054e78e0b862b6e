// Runs the command in the test's own process, which spares the start of one for every line, and lets a test
// give it records and bundled weights of its own. For tests only.

import { createProgram } from '../program.ts'

export interface Output {
  stdout: string
  stderr: string
}

/** What the command writes. @throws what it throws, which src/main.ts would turn into an exit code */
export async function runInProcess(line: string): Promise<Output> {
  const output: Output = { stdout: '', stderr: '' }
  const streams = ['stdout', 'stderr'] as const
  const writes = streams.map((name) => process[name].write)
  for (const name of streams) {
    process[name].write = (text: string | Uint8Array) => {
      output[name] += text
      return true
    }
  }
  try {
    await createProgram('0.0.0').parseAsync(line.split(' '), { from: 'user' })
    return output
  } catch (error) {
    throw Object.assign(error as Error, output)
  } finally {
    for (const [index, name] of streams.entries()) process[name].write = writes[index]!
  }
}
