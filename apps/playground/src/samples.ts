// Pictures to try: ten of CIFAR-10's test pictures where the model knows such things, drawn shapes where it
// knows those.
import { engine, session } from './session.ts'

const cifarNames = [
  ...['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
]

/** The first `count` of them. */
export async function sampleImages(count = 10): Promise<{ name: string; blob: Blob }[]> {
  const labels = session.value.model?.labels ?? []
  if (labels.includes('circle')) {
    const drawn = await engine().drawShapes(96, 1)
    // The plainest first.
    return [5, 2, 4, 7, 6, 8, 9, 3, 1, 0].slice(0, count).map((index) => drawn[index]!)
  }
  return Promise.all(
    cifarNames.slice(0, count).map(async (name) => {
      const response = await fetch(`./samples/${name}.png`)
      return { name: `${name}.png`, blob: await response.blob() }
    }),
  )
}
