// Runs tfjs-core's own jasmine tests on one backend, in Node or in a page: what a bundle of this file exports.
// tfjs's tests reset the engine around every group of them, which would stop the backend each time: what was started
// is kept, by a `dispose` that does nothing, for tfjs's backends too.

import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { webgl } from '@alexnet/backend-webgl'
import * as tf from '@tensorflow/tfjs'
import jasmineRequire from 'jasmine-core/lib/jasmine-core/jasmine.js'
import type { Runtime, SuiteBackend } from './backends.ts'

/** What became of one test. */
export interface SpecResult {
  name: string
  status: 'passed' | 'failed' | 'pending'
  message?: string
}

export interface SuiteOptions {
  backend: SuiteBackend
  runtime: Runtime
  /** Pattern of the names of the tests that run. Default all. */
  only?: string
  /** Patterns of the names of those that do not. */
  without?: readonly string[]
  /** Which share of the tests, and of how many: every test is in one of them. Default all. */
  share?: readonly [number: number, count: number]
  /** Told of each test as it ends. */
  onResult?: (result: SpecResult) => void
  /** How a WebGPU backend is started here: ours as an adapter, tfjs's as an instance. */
  webgpu?: WebGPUStart
}

export interface WebGPUStart {
  adapter(): Parameters<typeof useBackend>[0][number]
  tfjs(): Promise<tf.KernelBackend>
}

interface JasmineEnvironment {
  configure(options: object): void
  addReporter(reporter: object): void
  execute(): Promise<unknown> | undefined
}

export async function runSuite(options: SuiteOptions): Promise<SpecResult[]> {
  const { backend, runtime, only = '', without = [], share = [1, 1], onResult } = options
  const jasmine = jasmineRequire.core(jasmineRequire)
  const environment = jasmine.getEnv() as JasmineEnvironment
  Object.assign(globalThis, jasmineRequire.interface(jasmine, environment), { jasmine })
  // A test of tfjs's assigns a variable that it does not declare, which a module may not.
  Object.assign(globalThis, { i: undefined })
  await start(options)

  const { setTestEnvs } = await import('@tensorflow/tfjs-core/dist/jasmine_util')
  const isDataSync = backend.registered !== 'webgpu' && backend.registered !== 'alexnet-webgpu'
  setTestEnvs([
    {
      name: '@',
      backendName: backend.registered,
      isDataSync: isDataSync || runtime === 'chromium',
      flags: backend.flags,
    },
  ])
  await import('@tensorflow/tfjs-core/dist/tests')

  const wanted = new RegExp(only)
  const unwanted = without.map((pattern) => new RegExp(pattern))
  const results: SpecResult[] = []
  const done = new Promise<void>((resolve) => {
    environment.configure({
      random: false,
      oneFailurePerSpec: true,
      failSpecWithNoExpectations: false,
      specFilter: (spec: { getFullName(): string }) => {
        const name = plain(spec.getFullName())
        return (
          wanted.test(name) &&
          shareOf(name, share[1]) === share[0] &&
          !unwanted.some((pattern) => pattern.test(name))
        )
      },
    })
    environment.addReporter({
      specDone(spec: Spec) {
        if (spec.status === 'excluded') return
        const result: SpecResult = {
          name: plain(spec.fullName),
          status: spec.status,
          message: spec.failedExpectations[0]?.message.split('\n')[0],
        }
        results.push(result)
        onResult?.(result)
      },
      jasmineDone: () => resolve(),
    })
  })
  environment.execute()
  await done
  return results
}

interface Spec {
  fullName: string
  status: 'passed' | 'failed' | 'pending' | 'excluded'
  failedExpectations: { message: string }[]
}

/** A test's name without that of the environment and its flags, which stands in its middle. */
const plain = (name: string) => name.replace(/ @ \{[^}]*\}/g, '')

/** The share, from 1, that a test is in: by its group, so that what a group prepares is prepared once. */
function shareOf(name: string, count: number): number {
  const group = name.split(' ')[0]!
  let hash = 0
  for (let i = 0; i < group.length; i++) hash = (hash * 31 + group.charCodeAt(i)) >>> 0
  return 1 + (hash % count)
}

/** Starts the backend and keeps it through every reset of the engine. */
async function start({ backend, webgpu }: SuiteOptions): Promise<void> {
  const { registered, flags, cpu: cpuOptions } = backend
  tf.env().setFlags(flags ?? {})
  if (cpuOptions) await useBackend([cpu({ ...cpuOptions, name: registered })])
  else if (registered === 'alexnet-webgl') await useBackend([webgl({ software: true })])
  else if (registered === 'alexnet-webgpu') await useBackend([webgpu!.adapter()])
  else if (registered === 'webgpu') {
    const instance = await webgpu!.tfjs()
    if (tf.findBackendFactory('webgpu')) tf.removeBackend('webgpu')
    tf.registerBackend('webgpu', () => instance)
  }
  if (!(await tf.setBackend(registered))) throw new Error(`${backend.name} does not start here`)
  const instance = tf.backend()
  instance.dispose = () => {}
  tf.engine().registryFactory[registered]!.factory = () => instance
}
