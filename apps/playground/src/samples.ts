// Pictures to try: ten of CIFAR-10's test pictures where the model knows such things, drawn shapes where it
// knows those.
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

/** The names of those that suit the model. */
export const sampleNames = () => (knowsShapes() ? shapeNames : cifarNames)

/** So many of them, the one of a name before the others. */
export async function sampleImages(count = 10, first = ''): Promise<Sample[]> {
  const all = sampleNames()
  const names = [...all.filter((name) => name === first), ...all.filter((name) => name !== first)]
  const wanted = names.slice(0, count)
  if (knowsShapes()) {
    const drawn = await engine().drawShapes(96, 1)
    return wanted.map((sample) => ({
      ...drawn.find(({ name }) => name === `${sample}.png`)!,
      sample,
    }))
  }
  return Promise.all(
    wanted.map(async (sample) => {
      const response = await fetch(`./samples/${sample}.png`)
      return { name: `${sample}.png`, blob: await response.blob(), sample }
    }),
  )
}
