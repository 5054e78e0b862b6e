// The parts of the benchmark that a program can use: the network as data, statistics, and
// the shape of the results that `--json` prints.

export { createModel, describeNetwork, type Network, type Operation } from './network.ts'
export { measurePeak, type Peak } from './peak.ts'
export type { Absent, Report, Result } from './results.ts'
export { quantile, ratios, relativeDifference, type Summary, summarize } from './statistics.ts'
