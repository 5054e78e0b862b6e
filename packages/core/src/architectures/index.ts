// The variants by name.
import type { Architecture } from '../architecture.ts'
import { OptionError, show, suggestion } from '../errors.ts'
import { caffe } from './caffe.ts'
import { caffenet } from './caffenet.ts'
import { cifar } from './cifar.ts'
import { cifarPaper } from './cifar-paper.ts'
import { cudaConvnet18pct, cudaConvnet80sec } from './cuda-convnet.ts'
import { krizhevsky2012 } from './krizhevsky-2012.ts'
import { lenet5 } from './lenet-5.ts'
import { paper } from './paper.ts'
import { torchvision } from './torchvision.ts'

/** Every variant's table. */
export const architectures = {
  torchvision,
  paper,
  'krizhevsky-2012': krizhevsky2012,
  caffe,
  caffenet,
  cifar,
  'cifar-paper': cifarPaper,
  'lenet-5': lenet5,
  'cuda-convnet-80sec': cudaConvnet80sec,
  'cuda-convnet-18pct': cudaConvnet18pct,
} satisfies Record<string, Architecture>

/** Name of a variant. */
export type Variant = keyof typeof architectures

/** The table of the variant `name`; OptionError with the nearest names when there is none. */
export function getArchitecture(name: string): Architecture {
  if (Object.hasOwn(architectures, name)) return architectures[name as Variant]
  const names = Object.keys(architectures)
  throw new OptionError(`there is no variant ${show(name)}: ${suggestion(name, names)}`)
}
