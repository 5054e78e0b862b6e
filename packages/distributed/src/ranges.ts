// How a count of things is shared out: each rank's part is one range, all ranges together the whole in the
// order of the ranks, their lengths equal to within one.

/** The part [start, end) of `count` things that a rank of `size` has. */
export function rangeOf(count: number, rank: number, size: number): { start: number; end: number } {
  return { start: Math.floor((rank * count) / size), end: Math.floor(((rank + 1) * count) / size) }
}
