// Names without what wrappers put before them. A network that was trained in parallel, compiled, or in
// PyTorch Lightning has the same weights under longer names; whoever loads them wants the network's own.

import { QUANTIZATION_KEY } from './quantization.ts'
import type { OpenCheckpoint } from './tensor.ts'

/** Formats whose names are no paths of PyTorch's modules. */
const otherNames = ['caffe', 'tfjs-layers-model']
/** Key that Lightning writes into every checkpoint. */
const LIGHTNING_KEY = 'pytorch-lightning_version'
const LIGHTNING_PREFIX = 'model.'
/** What people call the network within a module of theirs; before all names, it is no part of them. */
const OWNER = /^(?:model|net|network|backbone|alexnet|_forward_module)\./

/**
 * The tensors under the names of the network itself: without the `module.` of DataParallel and the
 * `_orig_mod.` of torch.compile, before the whole (`module.features.0.weight`) or before a part
 * (`features.module.0.weight`, as torchvision's own training script did for AlexNet), and without what stands
 * before all of them: the `model.` of Lightning's modules, `net.` and the like. Names stay where two would become
 * one.
 */
export function withPlainNames(opened: OpenCheckpoint): OpenCheckpoint {
  const { format, tensors, metadata } = opened
  // Int8 weights of this package name their scales in the metadata, and have plain names.
  if (otherNames.includes(format) || metadata[QUANTIZATION_KEY] !== undefined) return opened
  const unwrapped = [...tensors.keys()].map((name) =>
    name.replace(/(^|\.)(?:(?:module|_orig_mod)\.)+/g, '$1'),
  )
  const plain = metadata[LIGHTNING_KEY] === undefined ? unwrapped : unwrapped.map(withoutLightning)
  for (let depth = 0; depth < 3; depth++) {
    // Of an ONNX file, the constants beside the weights have names of another kind, onnx::Conv_25.
    const paths = plain.filter((name) => /^\w+\./.test(name))
    const [owner] = OWNER.exec(paths[0] ?? '') ?? []
    if (owner === undefined || !paths.every((name) => name.startsWith(owner))) break
    plain.forEach((name, index) => {
      if (name.startsWith(owner)) plain[index] = name.slice(owner.length)
    })
  }
  if (new Set(plain).size !== plain.length) return opened
  const renamed = [...tensors.values()].map((tensor, index) => [plain[index]!, tensor] as const)
  return { ...opened, tensors: new Map(renamed) }
}

const withoutLightning = (name: string) =>
  name.startsWith(LIGHTNING_PREFIX) ? name.slice(LIGHTNING_PREFIX.length) : name
