// What share of each package's lines its own tests must run, in Node: what was there when it was last measured, rounded
// down. Raise one with the tests that raise it. Not here are the packages whose tests run in pages and on devices.

/** Percent of lines, by folder. */
export const floors: Readonly<Record<string, number>> = {
  core: 96,
  weights: 93,
}
