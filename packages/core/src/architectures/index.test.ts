import { describe, expect, it } from 'vitest'
import { OptionError } from '../errors.ts'
import { architectures, getArchitecture } from './index.ts'

describe('getArchitecture', () => {
  it('finds each variant under its own name', () => {
    for (const name of Object.keys(architectures)) expect(getArchitecture(name).name).toBe(name)
  })

  it('names the nearest variants when there is none', () => {
    expect(() => getArchitecture('cafe')).toThrow(OptionError)
    expect(() => getArchitecture('cafe')).toThrow("there is no variant 'cafe': did you mean caffe")
    expect(() => getArchitecture('TorchVision')).toThrow(/did you mean torchvision\?/)
    expect(() => getArchitecture('krizhevsky')).toThrow(/krizhevsky-2012/)
    expect(() => getArchitecture('lenet')).toThrow(/lenet-5/)
    expect(() => getArchitecture('vgg16-bn-x')).toThrow(/choose one of torchvision, paper, /)
    expect(() => getArchitecture('toString')).toThrow(OptionError)
  })
})
