import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noisePicture } from '../testing.ts'
import { encodePng } from './decode.ts'
import { imageFolder } from './image-folder.ts'
import { loader } from './loader.ts'
import { readPicture } from './picture-list.ts'

let base: string
let png: Uint8Array
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'alexnet-data-'))
  png = await encodePng(noisePicture(6, 5))
})
afterAll(() => rm(base, { recursive: true }))

/** Makes a folder with these files, all the same picture unless they are to hold a text. */
async function folderOf(name: string, files: readonly (string | [string, string])[]) {
  for (const entry of files) {
    const [file, content] = typeof entry === 'string' ? [entry, png] : entry
    const path = join(base, name, file)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }
  return join(base, name)
}

describe('imageFolder', () => {
  it('orders classes and pictures as torchvision does', async () => {
    const folder = await folderOf('order', [
      'zebra/a.PNG',
      'Ant/b.jpeg',
      'Ant/B.jpg',
      'Ant/sub-x/1.webp',
      'Ant/sub/2.png',
      'Ant/sub/10.png',
      'ant/é.png',
      'ant/z.png',
      ['ant/notes.txt', 'not a picture'],
      ['readme.txt', 'not a class'],
      '.hidden/a.png',
      'zebra/.a.png',
    ])
    const dataset = await imageFolder(folder)
    expect(dataset.classes).toEqual(['Ant', 'ant', 'zebra'])
    const files = Array.from({ length: dataset.length }, (_, index) =>
      dataset.path(index).slice(folder.length + 1),
    )
    expect(files).toEqual([
      'Ant/B.jpg',
      'Ant/b.jpeg',
      'Ant/sub/10.png',
      'Ant/sub/2.png',
      'Ant/sub-x/1.webp',
      'ant/z.png',
      'ant/é.png',
      'zebra/a.PNG',
    ])
    expect(files.map((_, index) => dataset.label(index))).toEqual([0, 0, 0, 0, 0, 1, 1, 2])
    expect(await dataset.load(2)).toEqual(noisePicture(6, 5))
    expect(dataset.name).toBe('order')
  })

  // On Windows links are for administrators, and pipes are no files.
  const posix = it.skipIf(process.platform === 'win32')

  posix('follows links to folders, but not in circles', async () => {
    const folder = await folderOf('links', ['one/a.png', 'two/deep/b.png'])
    await symlink(join(folder, 'two'), join(folder, 'three'))
    await symlink(join(folder, 'two'), join(folder, 'two/deep/back'))
    await symlink(join(folder, 'nowhere'), join(folder, 'gone'))
    const dataset = await imageFolder(folder)
    expect(dataset.classes).toEqual(['one', 'three', 'two'])
    expect(dataset.length).toBe(3)
    expect(dataset.notes![0]).toContain('classes "three" and "two" hold the same folder')
  })

  posix('walks folders that all link to each other once', async () => {
    const names = Array.from({ length: 9 }, (_, at) => `f${at}`)
    const folder = await folderOf(
      'web',
      names.map((name) => `class/${name}/a.png`),
    )
    for (const from of names) {
      for (const to of names) {
        await symlink(join(folder, 'class', to), join(folder, 'class', from, `to-${to}`))
      }
    }
    expect((await imageFolder(folder)).length).toBe(9)
  })

  posix('counts and names what it passes over, FIFOs too', async () => {
    const folder = await folderOf('over', [
      'a/1.png',
      'a/2.JFIF',
      'a/3.heic',
      'a/4.psd',
      'b/5.jxl',
      'b/6.png',
      'c.gif',
    ])
    execFileSync('mkfifo', [join(folder, 'a/7.jpg')])
    const dataset = await imageFolder(folder)
    expect(dataset.length).toBe(3)
    expect(dataset.notes![0]).toMatch(/passed over 4 files \(.*\), such as .*over\/[ab]\/\d\./)
    for (const ending of ['.heic 1', '.psd 1', '.jxl 1', '.jpg 1']) {
      expect(dataset.notes![0]).toContain(ending)
    }
    expect(dataset.notes![1]).toContain('1 file (.gif 1)')
    await expect(readPicture(join(folder, 'a/7.jpg'))).rejects.toThrow(
      '7.jpg is a pipe or a device, not a file',
    )
    const only = await folderOf('only', ['a/1.png', 'b/1.heic'])
    await expect(imageFolder(only)).rejects.toThrow(/class "b" has no pictures.*\(\.heic 1\)/)
  })

  it('takes two spellings of a name for one class', async () => {
    const folder = await folderOf('spelling', ['cafe\u0301/1.png', 'caf\u00e9/2.png', 'tea/1.png'])
    const dataset = await imageFolder(folder)
    expect(dataset.classes).toEqual(['caf\u00e9', 'tea'])
    expect(dataset.length).toBe(3)
    expect([0, 1, 2].map((index) => dataset.label(index)).sort()).toEqual([0, 0, 1])
  })

  // macOS and Windows keep names as text and refuse others.
  it.runIf(process.platform === 'linux')('reads files whose names are not UTF-8', async () => {
    const folder = await folderOf('bytes', ['b/1.png'])
    const latin1 = (name: string) =>
      Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')])
    await mkdir(latin1('gr\xfcn'))
    await writeFile(latin1('gr\xfcn/\xe4.png'), png)
    const dataset = await imageFolder(folder)
    expect(dataset.classes).toEqual(['b', 'gr\\xfcn'])
    expect(dataset.path(1)).toBe(join(folder, 'gr\\xfcn/\\xe4.png'))
    expect(await dataset.load(1)).toEqual(noisePicture(6, 5))
    for await (const { shape } of loader({ dataset, batchSize: 2, workers: 1 })) {
      expect(shape).toEqual([2, 5, 6, 3])
    }
    expect(await dataset.fingerprint()).toMatch(/^[0-9a-f]{16}$/)
  })

  it('has a fingerprint of names and contents', async () => {
    const folder = await folderOf('print', ['a/1.png', 'b/1.png'])
    const print = await (await imageFolder(folder)).fingerprint()
    expect(await (await imageFolder(folder)).fingerprint()).toBe(print)
    await folderOf('print', ['b/2.png'])
    const more = await (await imageFolder(folder)).fingerprint()
    await folderOf('print', [['b/2.png', 'other bytes']])
    const changed = await (await imageFolder(folder)).fingerprint()
    await folderOf('print', [['b/2.png', 'other byteS']])
    const edited = await (await imageFolder(folder)).fingerprint()
    const large = Buffer.alloc(100_000, 7)
    await folderOf('print', [['b/2.png', large.toString('latin1')]])
    const before = await (await imageFolder(folder)).fingerprint()
    large[large.length - 3] = 8
    await folderOf('print', [['b/2.png', large.toString('latin1')]])
    const after = await (await imageFolder(folder)).fingerprint()
    expect(new Set([print, more, changed, edited, before, after]).size).toBe(6)
  })

  it('says what is wrong with a folder', async () => {
    await expect(imageFolder(join(base, 'none'))).rejects.toThrow(
      `${join(base, 'none')}: there is no such folder; check the path`,
    )
    const flat = await folderOf('flat', ['a.png', 'b.png'])
    await expect(imageFolder(flat)).rejects.toThrow(
      `${flat}: has no class folders; put the pictures`,
    )
    await expect(imageFolder(join(flat, 'a.png'))).rejects.toThrow('is a file, not a folder')
    const empty = await folderOf('empty', ['cat/a.png', ['dog/notes.txt', '']])
    await expect(imageFolder(empty)).rejects.toThrow('class "dog" has no pictures')
  })

  it('reports a broken picture when it is asked for, by its path', async () => {
    const folder = await folderOf('broken', ['a/1.png', ['a/2.jpg', 'no picture']])
    const dataset = await imageFolder(folder)
    await expect(dataset.load(0)).resolves.toMatchObject({ width: 6 })
    await expect(dataset.load(1)).rejects.toThrow(`${join(folder, 'a/2.jpg')} is no JPEG`)
    await expect(dataset.load(2)).rejects.toThrow('there is no picture 2')
  })
})
