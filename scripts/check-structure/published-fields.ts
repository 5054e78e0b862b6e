// What every published manifest says alike: where the source is, whom to tell of faults, by which words it is found,
// what goes into the tarball. All of it stands here once; `pnpm check-structure --write` writes it into the manifests,
// and the check of contents compares.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Manifest, Member } from './workspace.ts'

/** Where the project lives. npm publishes with provenance only from the repository that a manifest names. */
export const REPOSITORY = 'https://github.com/alexnet-ts/alexnet'

const commonWords = ['alexnet', 'tensorflowjs', 'image-classification', 'deep-learning']

/** Words of single packages, by folder. */
const ownWords: Record<string, readonly string[]> = {
  backend: ['tfjs', 'backend'],
  'backend-cpu': ['tfjs', 'backend', 'webassembly', 'wasm', 'simd', 'training'],
  'backend-webgl': ['tfjs', 'backend', 'webgl'],
  'backend-webgpu': ['tfjs', 'backend', 'webgpu', 'dawn', 'training'],
  cifar10: ['cifar-10', 'pretrained', 'model'],
  cli: ['cli', 'training', 'fine-tuning'],
  core: ['convolutional-neural-network', 'grad-cam', 'features'],
  data: ['dataset', 'augmentation', 'torchvision', 'transforms', 'jpeg'],
  distributed: ['mpi', 'distributed', 'data-parallel'],
  lpips: ['lpips', 'perceptual-similarity', 'image-comparison', 'visual-regression'],
  model: ['pretrained', 'inference', 'grad-cam', 'imagenet'],
  train: ['training', 'fine-tuning', 'pytorch'],
  weights: ['safetensors', 'pytorch', 'onnx', 'tflite', 'litert', 'npz', 'caffe', 'checkpoint'],
}

/** Source maps name sources that are not shipped. */
const NO_MAPS = '!dist/**/*.map'

/** The fields of a published member as they should be. */
export function publishedFields({ path, folder, manifest }: Member): Partial<Manifest> {
  const { exports, files } = manifest
  return {
    keywords: [...commonWords, ...(ownWords[folder] ?? [])],
    homepage: `${REPOSITORY}/tree/main/${path}#readme`,
    bugs: `${REPOSITORY}/issues`,
    repository: { type: 'git', url: `git+${REPOSITORY}.git`, directory: path },
    exports: exports && { ...exports, './package.json': './package.json' },
    files: files && [...files.filter((pattern) => pattern !== NO_MAPS), NO_MAPS],
    publishConfig: { access: 'public' },
  }
}

/** Names of the fields in which a manifest differs from `publishedFields`. */
export function wrongFields(member: Member): string[] {
  return Object.entries(publishedFields(member))
    .filter(([name, value]) => !isSame(member.manifest[name as keyof Manifest], value))
    .map(([name]) => name)
}

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

/** Writes the fields where they differ, new ones after the description; returns the files that changed. */
export function writeManifests(root: string, members: readonly Member[]): string[] {
  return members
    .filter((member) => member.published && wrongFields(member).length > 0)
    .map((member) => {
      const file = `${member.path}/package.json`
      const fields = publishedFields(member)
      const fresh = Object.entries(fields).filter(([name]) => !(name in member.manifest))
      const entries = Object.entries(
        JSON.parse(readFileSync(join(root, file), 'utf8')) as Manifest,
      ).flatMap(([name, value]): [string, unknown][] => [
        [name, fields[name as keyof Manifest] ?? value],
        ...(name === 'description' ? fresh : []),
      ])
      writeFileSync(
        join(root, file),
        `${JSON.stringify(Object.fromEntries(entries), undefined, 2)}\n`,
      )
      return file
    })
}
