// Drawn pictures as a user has them: a folder of class folders. For tests only.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodePng, shapes } from '@alexnet/data'

/** Writes `<folder>/<class>/<n>.png`; of some classes only, where they are named. */
export async function writeShapes(
  folder: string,
  { count, classes, seed = 5 }: { count: number; classes?: readonly string[]; seed?: number },
): Promise<void> {
  const dataset = shapes({ count, seed })
  for (let index = 0; index < count; index++) {
    const label = dataset.classes[dataset.label(index)]!
    if (classes && !classes.includes(label)) continue
    await mkdir(join(folder, label), { recursive: true })
    const png = await encodePng(await dataset.load(index))
    await writeFile(join(folder, label, `${index}.png`), png)
  }
}
