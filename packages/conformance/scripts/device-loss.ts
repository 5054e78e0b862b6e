// Destroys a WebGPU device in the middle of training many times, at moments spread over a step, and counts
// how often the loss was told, no step was counted after it and the run went on rightly elsewhere.
// `node packages/conformance/scripts/device-loss.ts --times 50`

import process from 'node:process'
import { parseArgs } from 'node:util'
import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { undisturbed } from '../src/device-loss.ts'
import { complaints, loseWebGPU } from '../src/webgpu-device-loss.ts'

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '50' },
    longest: { type: 'string', default: '400' },
  },
})
const times = Number(values.times)
await useBackend([cpu({ threads: 1 })])
const expected = await undisturbed()
let right = 0
for (let n = 0; n < times; n++) {
  const delay = Math.round((n * Number(values.longest)) / times)
  const loss = await loseWebGPU(delay)
  const wrong = complaints(loss, expected)
  if (wrong.length === 0) right++
  const outcome = wrong.length === 0 ? 'right' : wrong.join('; ')
  console.log(
    `${n + 1}/${times}: destroyed ${delay} ms on, after step ${loss.stepsAtLoss}: ${outcome}`,
  )
}
console.log(`${right} of ${times} right`)
process.exitCode = right === times ? 0 : 1
