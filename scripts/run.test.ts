import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { byName } from './run.js'

const href = JSON.stringify(new URL('./run.js', import.meta.url).href)

/** Saves for half a second when it is told to stop. */
const saving = `
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => setTimeout(() => { console.log('saved at ' + signal); process.exit(7) }, 500))
  }
  console.log('begun')
  setInterval(() => {}, 1000)`

function wrapped(program: string) {
  const wrapper = `
    import { run } from ${href}
    await run(process.execPath, ['-e', ${JSON.stringify(program)}])
    console.log('went on')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', wrapper], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (data) => {
    output += data
  })
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, output }))
  return { child, begun: once(child.stdout, 'data'), ended }
}

it('is one line on Windows, with quotes where a shell would part it', () => {
  const args = ['run', '--cwd', 'C:\\my folder', '--filter=!@alexnet/x']
  expect(byName('turbo', args, true)).toEqual([
    'turbo run --cwd "C:\\my folder" "--filter=!@alexnet/x"',
    [],
    { shell: true },
  ])
  expect(byName('turbo', args, false)).toEqual(['turbo', args, {}])
})

describe('a program that is run for another', () => {
  // On Windows a process is ended by what sends it a signal, without being told.
  it.skipIf(process.platform === 'win32').each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'is told of %s and waited for',
    async (signal) => {
      const { child, begun, ended } = wrapped(saving)
      await begun
      child.kill(signal)
      expect(await ended).toEqual({ code: 7, output: `begun\nsaved at ${signal}\n` })
    },
  )

  it('hands its exit code on, or the signal that ended it', async () => {
    expect(await wrapped('process.exit(3)').ended).toEqual({ code: 3, output: '' })
    expect(await wrapped('process.kill(process.pid, "SIGKILL")').ended).toEqual({
      code: 137,
      output: '',
    })
    expect(await wrapped('').ended).toEqual({ code: 0, output: 'went on\n' })
  })
})
