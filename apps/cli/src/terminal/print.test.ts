import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { shown } from './print.ts'
import { command, quoted } from './shell.ts'

const hostile = [
  '\x1b]0;pwn\x07',
  '\x1b[2J',
  'a\nb',
  'a\rb\tc',
  '\x9b31m\x7f\x00',
  'a\u202eb\u2028c',
  '\ud800',
]

it('shows what would steer a terminal', () => {
  expect(hostile.map(shown)).toEqual([
    '\\x1b]0;pwn\\x07',
    '\\x1b[2J',
    'a\\nb',
    'a\\rb\\tc',
    '\\u009b31m\\x7f\\x00',
    'a\\u202eb\\u2028c',
    '\\ud800',
  ])
})

it('leaves every script, emoji and quote as it is', () => {
  for (const text of ['café', '猫', 'עברית', 'فارسی‌ها', '👨‍👩‍👧', `it's "so" \\n`]) {
    expect(shown(text)).toBe(text)
  }
})

it('writes other words shown and its own colours, on both streams and as JSON', async () => {
  const program = `
    import { bold, print, printJson, tell } from ${JSON.stringify(new URL('./print.ts', import.meta.url).href)}
    print(bold('a\\x1b[2J'), 'b\\nc')
    tell('\\x1b]0;pwn\\x07')
    printJson({ a: '\\x1b\\x9b' })`
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', program],
    { env: { ...process.env, NO_COLOR: undefined, FORCE_COLOR: '1' } },
  )
  expect(stdout).toBe('\x1b[1ma\\x1b[2J\x1b[22m\nb\\nc\n{"a":"\\u001b\\u009b"}\n')
  expect(stderr).toBe('\\x1b]0;pwn\\x07\n')
  expect(JSON.parse(stdout.split('\n')[2]!)).toEqual({ a: '\x1b\x9b' })
})

it('is the only way to the terminal', async () => {
  const source = fileURLToPath(new URL('../', import.meta.url))
  const files = (await readdir(source, { recursive: true })).filter(
    (name) => name.endsWith('.ts') && !/\.test\.ts$|testing|^terminal/.test(name),
  )
  expect(files.length).toBeGreaterThan(40)
  for (const file of files) {
    const text = await readFile(join(source, file), 'utf8')
    expect(text, file).not.toMatch(/std(out|err)\.write|console\./)
  }
})

it.skipIf(process.platform === 'win32')(
  'quotes words so that a shell gives them back',
  async () => {
    const words = ['a b', "it's", '$HOME', '`id`', 'a;b', '<img src=x>', '*', '~', '', '!x', 'é']
    const { stdout } = await promisify(execFile)('bash', [
      '-c',
      `printf '%s\\0' ${[...words, ...hostile.slice(0, 4), '\\\x1b\'"'].map(quoted).join(' ')}`,
    ])
    expect(stdout.split('\0').slice(0, -1)).toEqual([...words, ...hostile.slice(0, 4), '\\\x1b\'"'])
  },
)

it('leaves plain words as they are, and keeps names from being options', () => {
  expect(command`alexnet train ${'runs/a-1'} --out ${'-x y'}/*.png --resume`).toBe(
    "alexnet train runs/a-1 --out './-x y'/*.png --resume",
  )
})
