import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'

const href = (file: string) => JSON.stringify(new URL(file, import.meta.url).href)

/** Work that takes half a second to save when it is asked to stop, and writes on meanwhile. */
const program = `
  import { interruptible, watchOutput } from ${href('./interrupt.ts')}
  watchOutput()
  const stop = interruptible('stopped')
  const writing = setInterval(() => process.stdout.write('.'), 20)
  stop.signal.addEventListener('abort', async () => {
    await new Promise((done) => setTimeout(done, 500))
    process.stderr.write('saved: ' + stop.signal.reason.message)
    clearInterval(writing)
    stop.release()
    process.exitCode ||= 130
  })`

function start() {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let told = ''
  child.stderr.on('data', (data) => {
    told += data
  })
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, told }))
  return { child, begun: once(child.stdout, 'data'), ended }
}

// On Windows a process is ended by what sends it a signal, without being told.
describe.skipIf(process.platform === 'win32')('work', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('saves at %s', async (signal) => {
    const { child, begun, ended } = start()
    await begun
    child.kill(signal)
    expect(await ended).toEqual({ code: 130, told: 'saved: stopped' })
  })

  it('takes one Ctrl-C that comes by several ways for one', async () => {
    const { child, begun, ended } = start()
    await begun
    for (let time = 0; time < 3; time++) child.kill('SIGINT')
    expect(await ended).toEqual({ code: 130, told: 'saved: stopped' })
  })

  it('saves when the reader of its output goes', async () => {
    const { child, begun, ended } = start()
    await begun
    child.stdout.destroy()
    expect(await ended).toEqual({ code: 130, told: 'saved: stopped' })
  })
})
