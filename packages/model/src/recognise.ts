// Which variant a checkpoint is of, by the names and shapes of its tensors, held against every table of core.
// The head's bias says how many classes there are, the first fully connected layer how large the pictures are.

import { architectures, getArchitecture, type Variant, weightShapes } from '@alexnet/core'
import { ModelError } from './errors.ts'

/** The options that a checkpoint's tensors tell. */
export interface Recognised {
  variant: Variant
  classes: number
  inputSize: number
}

/** Names and shapes, in PyTorch's layout. */
type Shapes = ReadonlyMap<string, { readonly shape: readonly number[] }>

/**
 * The variant whose weights the tensors are.
 *
 * @param among the variants that it may be; default all
 * @param path named in errors
 * @throws ModelError where none fits, saying which is nearest and what differs; where several do, naming them
 */
export function recognise(
  tensors: Shapes,
  path: string,
  among: readonly Variant[] = Object.keys(architectures) as Variant[],
): Recognised {
  const tried = among.map((variant) => fit(variant, tensors))
  const fitting = tried.filter(({ wrong }) => wrong.length === 0)
  if (fitting.length === 1) return fitting[0]!.found
  if (fitting.length > 1) {
    const names = fitting.map(({ found }) => `'${found.variant}'`)
    throw new ModelError(
      `${path} does not say which network it belongs to, and its tensors fit ${names.length} variants: name ${names.slice(0, -1).join(', ')} or ${names.at(-1)} (variant)`,
    )
  }
  const [nearest] = tried.sort((a, b) => a.wrong.length - b.wrong.length)
  const { found, wrong, expected } = nearest!
  if (wrong.length > expected / 2) {
    const names = [...tensors.keys()].slice(0, 3).join(', ')
    throw new ModelError(
      `${path} holds no network that is known here: its tensors (${names}${tensors.size > 3 ? ', …' : ''}) are not those of any variant (${among.join(', ')})`,
    )
  }
  throw new ModelError(
    `${path} is of no variant that is known here; nearest is '${found.variant}', of which ${wrong.slice(0, 3).join('; ')}`,
  )
}

/** What a checkpoint of a variant tells of its classes and pictures; whether it fits is for loading to say. */
export function measure(variant: Variant, tensors: Shapes): Recognised {
  const architecture = getArchitecture(variant)
  const usual = weightShapes(architecture)
  const found: Recognised = {
    variant,
    classes: architecture.classes,
    inputSize: architecture.inputSize,
  }
  const head = tensors.get([...usual.keys()].at(-1)!)?.shape
  if (head?.length === 1) found.classes = head[0]!
  const first = [...usual].find(([, shape]) => shape.length === 2)?.[0]
  const inputs = first === undefined ? undefined : tensors.get(first)?.shape[1]
  if (inputs !== undefined && usual.get(first!)![1] !== inputs) {
    found.inputSize = sizeFor(variant, first!, inputs) ?? found.inputSize
  }
  return found
}

function fit(variant: Variant, tensors: Shapes) {
  const found = measure(variant, tensors)
  const shapes = weightShapes(getArchitecture(variant), found)
  const wrong: string[] = []
  for (const [name, shape] of shapes) {
    const given = tensors.get(name)?.shape
    if (given?.join() === shape.join()) continue
    wrong.push(
      given ? `${name} is [${given.join(', ')}], not [${shape.join(', ')}]` : `${name} is missing`,
    )
  }
  for (const name of tensors.keys()) {
    if (!shapes.has(name) && isWeightName(name)) wrong.push(`${name} is not a part`)
  }
  return { found, wrong, expected: shapes.size }
}

/** Names that only a layer of a network has; what an optimiser or a program keeps beside them does not count. */
const isWeightName = (name: string) => /^(features|classifier)\.\d+\.(weight|bias)$/.test(name)

const LARGEST_SIZE = 1024

/**
 * The size of pictures that gives the first fully connected layer so many inputs. Pools round, so several do:
 * the roundest of them is the likeliest to have been meant (64, not 63).
 */
function sizeFor(variant: Variant, first: string, inputs: number): number | undefined {
  const architecture = getArchitecture(variant)
  const sizes: number[] = []
  for (let inputSize = 1; inputSize <= LARGEST_SIZE; inputSize++) {
    let count: number | undefined
    try {
      count = weightShapes(architecture, { inputSize }).get(first)?.[1]
    } catch {
      continue // too small for the table
    }
    if (count === inputs) sizes.push(inputSize)
    else if (sizes.length > 0) break
  }
  const roundness = (size: number) => size & -size
  return sizes.sort((a, b) => roundness(b) - roundness(a))[0]
}
