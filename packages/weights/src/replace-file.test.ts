import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeFolder, replaceFile, replaceFileBy } from './replace-file.ts'

const run = promisify(execFile)
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-replace-'))
})
afterEach(() => rm(folder, { recursive: true }))

const at = (name: string) => join(folder, name)
const write = (name: string, text: string) => replaceFile(at(name), [Buffer.from(text)])
const read = (name: string) => readFile(at(name), 'utf8')

// Windows has no modes, its pipes and devices are no files, and links there are for administrators.
describe.skipIf(process.platform === 'win32')('what is there stays what it is', () => {
  it('a link, whose file is written', async () => {
    await mkdir(at('inner'))
    await writeFile(at('inner/real'), 'old')
    await symlink('real', at('inner/second'))
    await symlink('inner/second', at('first'))
    await write('first', 'new')
    expect(await readlink(at('first'))).toBe('inner/second')
    expect(await readlink(at('inner/second'))).toBe('real')
    expect(await read('inner/real')).toBe('new')
    expect(await readdir(at('inner'))).toEqual(['real', 'second'])
  })

  it('a link whose file is not there yet', async () => {
    await symlink('later/real', at('link'))
    await write('link', 'new')
    expect(await readlink(at('link'))).toBe('later/real')
    expect(await read('later/real')).toBe('new')
  })

  it('a mode, which the temporary file has as well', async () => {
    await writeFile(at('secret'), 'old')
    await chmod(at('secret'), 0o600)
    let meanwhile = 0
    await replaceFileBy(at('secret'), async (temporary) => {
      meanwhile = (await stat(temporary)).mode & 0o777
      await writeFile(temporary, 'new')
    })
    expect(meanwhile).toBe(0o600)
    expect((await stat(at('secret'))).mode & 0o777).toBe(0o600)
    await chmod(at('secret'), 0o444)
    await write('secret', 'newer')
    expect((await stat(at('secret'))).mode & 0o777).toBe(0o444)
    expect(await read('secret')).toBe('newer')
  })

  it.each([
    ['a device', async () => '/dev/null'],
    ['a device', async () => symlink('/dev/null', at('link')).then(() => at('link'))],
    ['a pipe', async () => run('mkfifo', [at('pipe')]).then(() => at('pipe'))],
    ['a folder', async () => folder],
  ])('%s, which is refused before anything is made', async (kind, make) => {
    const path = await make()
    const before = await stat(path)
    let isAsked = false
    const chunks = (function* () {
      isAsked = true
      yield new Uint8Array(1)
    })()
    await expect(replaceFile(path, chunks)).rejects.toThrow(
      `${path}: could not be written: ${kind} of that name is there`,
    )
    expect(isAsked).toBe(false)
    expect((await stat(path)).mode).toBe(before.mode)
  })

  it('links in a circle, in one clear line', async () => {
    await symlink('b', at('a'))
    await symlink('a', at('b'))
    await expect(write('a', 'new')).rejects.toThrow(/a: could not be written: its links lead in a/)
  })
})

describe('what is left', () => {
  const program = (path: string, then: string) => `
    import { replaceFile } from ${JSON.stringify(new URL('./replace-file.ts', import.meta.url).href)}
    await replaceFile(${JSON.stringify(path)}, (async function* () {
      yield new Uint8Array(10)
      console.log('begun')
      ${then}
      await new Promise(() => setInterval(() => {}, 1000))
    })())`
  const start = (path: string, then = '') =>
    spawn(process.execPath, ['--input-type=module', '-e', program(path, then)], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })

  it('by a process that was killed goes with the next file there, that of a living one stays', async () => {
    const [killed, living] = [start(at('one')), start(at('two'))]
    await Promise.all([killed, living].map(({ stdout }) => once(stdout, 'data')))
    killed.kill('SIGKILL')
    await once(killed, 'close')
    expect((await readdir(folder)).map((name) => name.slice(0, 5))).toEqual(['.one.', '.two.'])
    await write('three', 'new')
    expect((await readdir(folder)).map((name) => name.slice(0, 5))).toEqual(['.two.', 'three'])
    living.kill('SIGKILL')
    await once(living, 'close')
  })

  it('by a process that ends itself is nothing', async () => {
    const child = start(at('one'), 'process.exit(3)')
    await once(child, 'close')
    expect(child.exitCode).toBe(3)
    expect(await readdir(folder)).toEqual([])
  })

  it('by one that is told to stop is nothing, and the old file', async () => {
    await write('kept', 'old')
    const controller = new AbortController()
    async function* endless() {
      for (;;) {
        yield new Uint8Array(1)
        controller.abort(new Error('enough'))
      }
    }
    const { signal } = controller
    await expect(replaceFile(at('kept'), endless(), { signal })).rejects.toThrow('enough')
    expect(await readdir(folder)).toEqual(['kept'])
    expect(await read('kept')).toBe('old')
  })
})

it('writes under the longest name that there may be', async () => {
  const name = `${'ä'.repeat(127)}x`
  await write(name, 'new')
  expect(await read(name)).toBe('new')
})

it('hands on what the chunks themselves fail with', async () => {
  async function* broken() {
    yield new Uint8Array(1)
    await readFile(at('none.png'))
  }
  await expect(replaceFile(at('out'), broken())).rejects.toThrow(/^ENOENT.*none\.png/)
})

describe('a folder', () => {
  it('is made with those above it, and may be there', async () => {
    await makeFolder(at('a/b/c'))
    await makeFolder(at('a/b/c'))
    expect((await stat(at('a/b/c'))).isDirectory()).toBe(true)
  })

  it.skipIf(process.platform !== 'linux')('that cannot be made is an error at once', async () => {
    // Node's own recursive mkdir never comes back from here.
    await expect(makeFolder('/proc/none/a')).rejects.toThrow(
      '/proc/none/a: could not be written: its folder is not there and cannot be made',
    )
  })
})
