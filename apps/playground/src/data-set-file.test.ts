import { describe, expect, it } from 'vitest'
import { picturesOf, zipDataset } from './data-set-file.ts'

const picture = (text: string, type = 'image/png') => new Blob([text], { type })

describe('a data set as a file', () => {
  it('comes back as it was', async () => {
    const own = {
      classes: ['cup', 'a/b'],
      pictures: [
        { id: '1', name: 'x.png', label: 0, blob: picture('one') },
        { id: '2', name: 'y.jpg', label: 1, blob: picture('two', 'image/jpeg') },
      ],
    }
    const zip = new File([await zipDataset(own)], 'pictures.zip')
    const found = await picturesOf([zip])
    expect(found.map(({ label, name }) => [label, name])).toEqual([
      ['cup', '0000.png'],
      ['a_b', '0001.jpg'],
    ])
    expect(found[1]!.blob.type).toBe('image/jpeg')
    expect(await found[1]!.blob.text()).toBe('two')
  })

  it('says what it needs', async () => {
    await expect(picturesOf([new File(['x'], 'a.png')])).rejects.toThrow(
      /no pictures in class folders/,
    )
    await expect(picturesOf([new File(['x'], 'a.zip')])).rejects.toThrow(/a.zip is no zip file/)
  })
})
