// Products of batches that broadcast against each other along different axes.

/** For each batch of a product, in order, which of a factor's batches it takes. */
export function batchPlaces(shape: readonly number[], outer: readonly number[]): number[] {
  const missing = outer.length - shape.length
  return outer.reduce<number[]>(
    (places, length, axis) => {
      const own = shape[axis - missing] ?? 1
      return places.flatMap((place) =>
        Array.from({ length }, (_, i) => place * own + (own === 1 ? 0 : i)),
      )
    },
    [0],
  )
}
