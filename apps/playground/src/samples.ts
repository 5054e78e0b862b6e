// Pictures to try: ten of CIFAR-10's test pictures where the model knows such things, drawn shapes where it knows those or takes
// larger pictures than they are.
import { engine, session } from './session.ts'

const cifarNames: readonly string[] = [
  ...['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
]
/** The plainest first. */
const shapeNames: readonly string[] = [
  ...['ring', 'triangle', 'cross', 'checkerboard', 'stripes'],
  ...['dots', 'waves', 'star', 'square', 'circle'],
]

export interface Sample {
  name: string
  blob: Blob
  /** What an address calls it. */
  sample: string
}

const knowsShapes = () => session.value.model?.labels.includes('circle') ?? false

/** Whether the model takes pictures so large that those of CIFAR-10 would be a blur: drawings are sharp at any size. */
export const needsLarge = () => !knowsShapes() && (session.value.model?.inputSize ?? 0) >= LARGE
const LARGE = 200

/** The names of those that suit the model. */
export const sampleNames = () =>
  knowsShapes() ? shapeNames : needsLarge() ? [...shapeNames, ...cifarNames] : cifarNames

/** So many of them, the one of a name before the others. */
export async function sampleImages(count = 10, first = ''): Promise<Sample[]> {
  const all = sampleNames()
  const names = [...all.filter((name) => name === first), ...all.filter((name) => name !== first)]
  const wanted = names.slice(0, count)
  const isDrawn = wanted.some((sample) => shapeNames.includes(sample))
  const drawn = isDrawn ? await engine().drawShapes(needsLarge() ? 224 : 96, 1) : []
  return Promise.all(
    wanted.map(async (sample) => {
      const drawing = drawn.find(({ name }) => name === `${sample}.png`)
      if (drawing) return { ...drawing, sample }
      const response = await fetch(`./samples/${sample}.png`)
      return { name: `${sample}.png`, blob: await response.blob(), sample }
    }),
  )
}
