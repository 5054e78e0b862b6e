// docs/conformance.md: the table of backend × operation × worst error, and what it shows of TensorFlow.js.

import { type BackendResult, formatError, markdownTable } from './results.ts'

export interface RecordContext {
  date: string
  machine: string
  versions: string[]
  absent: { runtime: string; reason: string }[]
}

export function recordOf(backends: readonly BackendResult[], context: RecordContext): string {
  const operations = [
    ...new Set(backends.flatMap((backend) => backend.operations.map(({ operation }) => operation))),
  ]
  const totals = markdownTable([
    ['backend', 'runtime', 'device', 'passed', 'failed', 'skipped', 'worst error'],
    ...backends.map(({ name, runtime, device, passed, failed, skipped, worstRelativeError }) => [
      ...[name, runtime, device, String(passed), String(failed), String(skipped)],
      formatError(worstRelativeError),
    ]),
  ])
  const errors = markdownTable([
    ['operation', ...backends.map(({ name, runtime }) => `${name}, ${runtime}`)],
    ...operations.map((operation) => [
      operation,
      ...backends.map((backend) => {
        const found = backend.operations.find((one) => one.operation === operation)
        if (!found || found.passed + found.failed === 0) return ''
        return found.failed > 0 ? 'failed' : formatError(found.worstRelativeError)
      }),
    ]),
  ])
  const skips = backends.flatMap(({ name, runtime, skips: own }) =>
    [...new Set(own.map(({ reason }) => reason))].map((reason) => {
      const count = own.filter((skip) => skip.reason === reason).length
      return `- ${name}, ${runtime}: ${count} tests: ${reason}`
    }),
  )
  const lines = [
    '# Conformance of the backends',
    '',
    'Written by `npm run -s conformance -- --record`. Every operation of the network, forward and backward,',
    "against float64 loops, and whole networks against PyTorch's numbers. An error is the largest difference",
    "from the answer, relative to the answer's largest value; `exact` means no difference at all. A software driver",
    "gets a share of the random shapes, and AlexNet's first and fully connected layers smaller, unless `--thorough`.",
    '',
    `${context.date}, ${context.machine}; ${context.versions.join(', ')}.`,
    '',
    totals,
    '',
    '## Worst error by operation',
    '',
    errors,
    '',
    ...(skips.length > 0 ? ['## What was skipped, and why', '', ...skips, ''] : []),
    ...context.absent.map(({ runtime, reason }) => `${runtime} was left out: ${reason}.\n`),
    '## Where TensorFlow.js itself is wrong',
    '',
    'Each of these is asserted in the suite, so that a fix upstream would show.',
    '',
    "- The gradient of average pooling divides by the window's whole size where the forward pass divides by",
    "  the pixels that it holds: wrong at padded borders, in tfjs's cpu and webgl backends. Ours divide by the same",
    '  count forward and backward.',
    "- Products whose batches broadcast along different axes: tfjs's cpu backend pairs the batches in turn.",
    '  Ours broadcasts.',
    "- tfjs's webgl backend takes float16's epsilon (1e-4) on devices that compute in float32. Ours takes 1e-7.",
    "- tfjs's webgl backend multiplies by a mask in ReLU, leaky ReLU and PReLU: infinities become NaN. Ours chooses.",
    '- After a lost WebGL context tfjs goes on with zeros. Ours ends all work under way with a `ContextLostError`.',
    '- Gradients of maximum, minimum and squaredDifference do not sum over broadcast axes, on any backend: they',
    "  are tfjs-core's, so ours have them too; the network uses none of them on shapes that differ.",
    '',
  ]
  return lines.join('\n')
}
