// Names without what wrappers put before them. A network that was trained in parallel, compiled, or in
// PyTorch Lightning has the same weights under longer names; whoever loads them wants the network's own.

import { QUANTIZATION_KEY } from './quantization.ts'
import type { OpenCheckpoint } from './tensor.ts'

/** Formats whose names are no paths of PyTorch's modules. */
const otherNames = ['caffe', 'tfjs-layers-model']
/** Key that Lightning writes into every checkpoint. */
const LIGHTNING_KEY = 'pytorch-lightning_version'
const LIGHTNING_PREFIX = 'model.'

/**
 * The tensors under the names of the network itself: without the `module.` of DataParallel and the
 * `_orig_mod.` of torch.compile, before the whole (`module.features.0.weight`) or before a part
 * (`features.module.0.weight`, as torchvision's own training script did for AlexNet), and without the
 * `model.` that Lightning's modules put before all. Names stay where two would become one.
 */
export function withPlainNames(opened: OpenCheckpoint): OpenCheckpoint {
  const { format, tensors, metadata } = opened
  // Int8 weights of this package name their scales in the metadata, and have plain names.
  if (otherNames.includes(format) || metadata[QUANTIZATION_KEY] !== undefined) return opened
  const unwrapped = [...tensors.keys()].map((name) =>
    name.replace(/(^|\.)(?:(?:module|_orig_mod)\.)+/g, '$1'),
  )
  // Of an ONNX file, the constants beside the weights have names of another kind, onnx::Conv_25.
  const paths = unwrapped.filter((name) => /^\w+\./.test(name))
  const isLightning =
    metadata[LIGHTNING_KEY] !== undefined ||
    (paths.length > 0 && paths.every((name) => name.startsWith(LIGHTNING_PREFIX)))
  const plain = isLightning
    ? unwrapped.map((name) =>
        name.startsWith(LIGHTNING_PREFIX) ? name.slice(LIGHTNING_PREFIX.length) : name,
      )
    : unwrapped
  if (new Set(plain).size !== plain.length) return opened
  const renamed = [...tensors.values()].map((tensor, index) => [plain[index]!, tensor] as const)
  return { ...opened, tensors: new Map(renamed) }
}
