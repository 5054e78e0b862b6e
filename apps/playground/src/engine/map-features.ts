// What a layer says of a picture, as one row of numbers for the map of pictures.
import { PictureError } from '@alexnet/data'
import type { Model } from '@alexnet/model'

/** The units of a layer, or the mean of each of its maps: where a thing is in its picture does not count. */
export async function featuresOf(
  model: Model,
  prepare: () => Promise<Float32Array>,
  layer: string,
): Promise<Float32Array | undefined> {
  let input: Float32Array
  try {
    input = await prepare()
  } catch (error) {
    // A broken picture says so where it is classified, as does one whose file is gone; the map goes on without them.
    const isGone =
      (error as Error).name === 'NotReadableError' || (error as Error).name === 'NotFoundError'
    if (error instanceof PictureError || isGone) return undefined
    throw error
  }
  const [{ shape, data }] = (await model.outputs(input, { layer })) as [
    { shape: number[]; data: Float32Array },
  ]
  if (shape.length === 1) return data.slice()
  const channels = shape.at(-1)!
  const means = new Float32Array(channels)
  for (const [at, value] of data.entries()) means[at % channels]! += value
  return means.map((sum) => (sum * channels) / data.length)
}
