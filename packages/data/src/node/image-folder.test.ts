import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noisePicture } from '../testing.ts'
import { encodePng } from './decode.ts'
import { imageFolder } from './image-folder.ts'

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

  it('follows links to folders, but not in circles', async () => {
    const folder = await folderOf('links', ['one/a.png', 'two/deep/b.png'])
    await symlink(join(folder, 'two'), join(folder, 'three'))
    await symlink(join(folder, 'two'), join(folder, 'two/deep/back'))
    await symlink(join(folder, 'nowhere'), join(folder, 'gone'))
    const dataset = await imageFolder(folder)
    expect(dataset.classes).toEqual(['one', 'three', 'two'])
    expect(dataset.length).toBe(3)
  })

  it('has a fingerprint of names and sizes', async () => {
    const folder = await folderOf('print', ['a/1.png', 'b/1.png'])
    const print = await (await imageFolder(folder)).fingerprint()
    expect(await (await imageFolder(folder)).fingerprint()).toBe(print)
    await folderOf('print', ['b/2.png'])
    const more = await (await imageFolder(folder)).fingerprint()
    await folderOf('print', [['b/2.png', 'other bytes']])
    const changed = await (await imageFolder(folder)).fingerprint()
    expect(new Set([print, more, changed]).size).toBe(3)
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
