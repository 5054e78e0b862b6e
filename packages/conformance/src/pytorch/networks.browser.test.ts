// Whole networks against PyTorch in Chromium, the small ones: a software driver takes minutes for others.

import { webglBackend, webgpuBackend } from '../kernels/browser-backends.ts'
import { fastestCpu } from '../kernels/cpu-backends.ts'
import { holdTo } from '../kernels/suites.ts'
import { thorough, wide } from '../thorough.ts'
import { type NetworkFixture, networkSuites, type SgdCase } from './networks.ts'

async function read<T>(url: URL): Promise<T> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url}: ${response.status}`)
  return (await response.json()) as T
}

const lenet = new URL('../../fixtures/pytorch-lenet-5-32-4.json', import.meta.url)
const cifar = new URL('../../fixtures/pytorch-cifar-32-4.json', import.meta.url)
const steps = new URL('../../fixtures/sgd-steps.json', import.meta.url)

const fixtures = [await read<NetworkFixture>(lenet), await read<NetworkFixture>(cifar)]
const { cases } = await read<{ cases: SgdCase[] }>(steps)
const ofLeNet = cases.filter(
  ({ variant, nesterov }) => variant === 'lenet-5' && (nesterov || thorough),
)

holdTo(fastestCpu, networkSuites(fixtures, cases))
holdTo(webglBackend, networkSuites(fixtures, ofLeNet))
// The same implementation of WebGPU trains, saves and goes on in Node.
const ONCE = 'outputs and gradients of networks'
const onWebGpu = networkSuites(fixtures, ofLeNet)
holdTo(webgpuBackend, wide ? onWebGpu : { [ONCE]: onWebGpu[ONCE]! })
