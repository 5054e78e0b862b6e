// Tensors by name and shape alone, of every table of core and of what is none.

import { architectures, getArchitecture, type Variant, weightShapes } from '@alexnet/core'
import { describe, expect, it } from 'vitest'
import { recognise } from './recognise.ts'

const tensorsOf = (variant: Variant, options: { classes?: number; inputSize?: number } = {}) =>
  new Map(
    [...weightShapes(getArchitecture(variant), options)].map(([name, shape]) => [name, { shape }]),
  )

/** Variants whose weights have the same names and shapes: only their order of layers or their pictures differ. */
const alike: Variant[] = ['paper', 'caffe', 'caffenet']
const alone = (Object.keys(architectures) as Variant[]).filter((name) => !alike.includes(name))

describe('recognise', () => {
  it.each(alone)('%s, its classes and the size of its pictures', (variant) => {
    const { classes, inputSize } = getArchitecture(variant)
    expect(recognise(tensorsOf(variant), 'f')).toEqual({ variant, classes, inputSize })
    expect(recognise(tensorsOf(variant, { classes: 3 }), 'f')).toEqual({
      variant,
      classes: 3,
      inputSize,
    })
  })

  it('takes the roundest size of those that give the same weights', () => {
    for (const inputSize of [64, 96, 128]) {
      expect(recognise(tensorsOf('cifar', { inputSize }), 'f').inputSize).toBe(inputSize)
    }
    expect(recognise(tensorsOf('cifar', { inputSize: 63 }), 'f').inputSize).toBe(56)
  })

  it('passes over what training keeps beside the weights', () => {
    const tensors = tensorsOf('lenet-5')
    tensors.set('optimizer.step', { shape: [] })
    expect(recognise(tensors, 'f').variant).toBe('lenet-5')
  })

  it('asks where several fit, naming them', () => {
    expect(() => recognise(tensorsOf('caffe'), 'bvlc.caffemodel', ['caffe', 'caffenet'])).toThrow(
      /^bvlc\.caffemodel .* fit 2 variants: name 'caffe' or 'caffenet'/,
    )
    expect(() => recognise(tensorsOf('paper'), 'f')).toThrow(
      /fit 3 variants: name 'paper', 'caffe' or 'caffenet'/,
    )
  })

  it('says what differs from the nearest, or that it is nothing known', () => {
    const tensors = tensorsOf('torchvision')
    tensors.set('features.3.weight', { shape: [192, 64, 3, 3] })
    expect(() => recognise(tensors, 'f.pth')).toThrow(
      "f.pth is of no variant that is known here; nearest is 'torchvision', of which features.3.weight is [192, 64, 3, 3], not [192, 64, 5, 5]",
    )
    const vgg = new Map([['conv1_1.weight', { shape: [64, 3, 3, 3] }]])
    expect(() => recognise(vgg, 'vgg.pth')).toThrow(
      /^vgg\.pth holds no network that is known here: its tensors \(conv1_1\.weight\) are not those of any variant/,
    )
    expect(() => recognise(new Map(), 'empty.pth')).toThrow(/^empty\.pth holds no network/)
  })
})
