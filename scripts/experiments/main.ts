// npm run -s experiments -- NAME --data DIR: repeats a claim of the paper on CIFAR-10, and writes its
// curves, table and plot. Runs take hours; they resume where they were stopped, and one that is written down
// is not carried out again.

import { parseArgs } from 'node:util'
import { type Experiment, type ExperimentName, experiments } from './experiments.ts'
import { recorded, recordedCurve, report } from './report.ts'
import { carryOut, runsOf } from './run.ts'

const usage = `usage: npm run -s experiments -- NAME... [options]

${Object.entries(experiments)
  .map(([name, { title }]) => `  ${name.padEnd(14)} ${title}`)
  .join('\n')}

  --data <folder>   CIFAR-10, in any form that alexnet train opens
  --out <folder>    where the runs go (default: runs/experiments)
  --docs <folder>   where curves, tables and plots go (default: docs/experiments)
  --seeds <n>       runs of each group (default: the experiment's own, 3)
  --jobs <n>        runs side by side (default: 2)
  --threads <n>     CPU threads a run (default: 1)
  --report          only write what the runs there are give
  --anew            carry out also what is written down in --docs already

Examples:
  $ npm run -s experiments -- figure-1 --data cifar-10-batches-bin
  $ npm run -s experiments -- figure-1 ablations --report
`

function fail(message: string): never {
  process.stderr.write(`experiments: ${message}\n`)
  process.exit(2)
}

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        data: { type: 'string' },
        out: { type: 'string', default: 'runs/experiments' },
        docs: { type: 'string', default: 'docs/experiments' },
        seeds: { type: 'string' },
        jobs: { type: 'string', default: '2' },
        threads: { type: 'string', default: '1' },
        report: { type: 'boolean', default: false },
        anew: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    return fail((error as Error).message)
  }
}

function whole(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) fail(`--${option} must be a whole number from 1 on`)
  return value
}

const { values, positionals } = parse()
if (values.help || positionals.length === 0) {
  process.stdout.write(usage)
  process.exit(values.help ? 0 : 2)
}
for (const name of positionals) {
  if (!Object.hasOwn(experiments, name)) {
    fail(`there is no experiment '${name}': choose from ${Object.keys(experiments).join(', ')}`)
  }
}
if (!values.report && values.data === undefined) fail('--data is needed: the folder of CIFAR-10')

let unfinished = 0
for (const name of positionals as ExperimentName[]) {
  const experiment: Experiment = experiments[name]
  const seeds = values.seeds === undefined ? undefined : whole('seeds', values.seeds)
  const runs = runsOf(name, experiment, { out: values.out, seeds })
  if (!values.report) {
    const before = values.anew ? undefined : recorded(name, values.docs)
    const open = runs.filter((run) => !recordedCurve(before, run))
    if (open.length < runs.length) {
      process.stderr.write(
        `${name}: ${runs.length - open.length} runs are in ${values.docs} already\n`,
      )
    }
    unfinished += await carryOut(open, {
      data: values.data!,
      out: values.out,
      seeds,
      jobs: whole('jobs', values.jobs),
      threads: whole('threads', values.threads),
      say: (line) => process.stderr.write(`${name}: ${line}\n`),
    })
  }
  await report(name, experiment, runs, values.docs)
}
process.exitCode = unfinished > 0 ? 1 : 0
