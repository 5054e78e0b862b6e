// What share of each package's lines its own tests must run, in Node: what was there when it was last measured, rounded
// down. Raise one with the tests that raise it. Low are the packages whose tests run elsewhere: the GPU backends in pages
// and on devices (conformance), distributed in processes that MPI starts, kernels of the CPU in conformance.

/** Percent of lines, by folder. */
export const floors: Readonly<Record<string, number>> = {
  backend: 94,
  'backend-cpu': 84,
  'backend-webgl': 12,
  cifar10: 100,
  core: 96,
  data: 92,
  distributed: 10,
  lpips: 97,
  model: 87,
  train: 94,
  weights: 93,
}
