// The report of `alexnet compare` as test runners and CI servers read it.

import library from 'junit-report-builder'
import type { ComparedPair, Comparison } from './comparison.ts'

/** Its types call the export `default`, which Node takes for the module itself. */
const junit = library as unknown as typeof library.default

/** JUnit's XML: a test case a pair; what could not be compared is an error, what is worse than the threshold a failure. */
export function junitReport({ metric, threshold, pairs }: Comparison): Uint8Array {
  const builder = junit.newBuilder()
  const suite = builder.testSuite().name('alexnet compare')
  for (const pair of pairs) {
    const test = suite.testCase().className(`alexnet.${metric}`).name(pair.name)
    if (pair.problem !== undefined) test.error(pair.problem)
    else if (pair.failed) test.failure(`${numbersOf(pair)} where the threshold is ${threshold}`)
    else test.standardOutput(numbersOf(pair))
  }
  return new TextEncoder().encode(builder.build())
}

const numbersOf = ({ lpips, ssim, psnr }: ComparedPair) =>
  Object.entries({ lpips, ssim, psnr })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${value ?? 'infinite'}`)
    .join(', ')
