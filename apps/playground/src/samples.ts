// Pictures to try: ten of CIFAR-10's test pictures where the model knows such things, drawn shapes where it
// knows those.
import { engine, session } from './session.ts'

const cifarNames = [
  ...['cat', 'airplane', 'automobile', 'bird', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
]

export async function sampleImages(): Promise<{ name: string; blob: Blob }[]> {
  const labels = session.value.model?.labels ?? []
  if (labels.includes('circle')) {
    const drawn = await engine().drawShapes(96, 1)
    // The plainest first.
    return [5, 2, 4, 7, 6, 8, 9, 3, 1, 0].map((index) => drawn[index]!)
  }
  return Promise.all(
    cifarNames.map(async (name) => {
      const response = await fetch(`./samples/${name}.png`)
      return { name: `${name}.png`, blob: await response.blob() }
    }),
  )
}
