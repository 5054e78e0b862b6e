// The distances of PyTorch on WebGPU in Node; on a software driver those of few pixels.

import { readFileSync } from 'node:fs'
import process from 'node:process'
import { inspectWebGPU, webgpu } from '@alexnet/backend-webgpu/node'
import { describe, it } from 'vitest'
import type { Fixture } from './testing/cases.ts'
import { holdTo, isQuick } from './testing/suite.ts'

const { cases }: Fixture = JSON.parse(
  readFileSync(new URL('../fixtures/distances.json', import.meta.url), 'utf8'),
)
const report = await inspectWebGPU({ software: true })

if (report.available) {
  const small = cases.filter(({ name }) => !report.software || isQuick(name))
  holdTo('WebGPU', () => webgpu({ software: true }), small)
} else {
  const reason = report.reason ?? 'no WebGPU'
  describe('WebGPU', () => {
    it.skipIf(!process.env.REQUIRE_DEVICES)(`skipped: ${reason}`, () => {
      throw new Error(`REQUIRE_DEVICES skips no backend: ${reason}`)
    })
  })
}
