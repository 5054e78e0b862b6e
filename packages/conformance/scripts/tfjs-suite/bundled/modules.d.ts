// What is used of packages that have no types of it, or are only here in a bundle.

declare module 'jasmine-core/lib/jasmine-core/jasmine.js' {
  interface Jasmine {
    getEnv(): object
  }
  const jasmineRequire: {
    core(own: object): Jasmine
    interface(jasmine: Jasmine, environment: object): Record<string, unknown>
  }
  export default jasmineRequire
}

declare module '@tensorflow/tfjs-core/dist/jasmine_util' {
  export function setTestEnvs(
    environments: {
      name: string
      backendName: string
      isDataSync: boolean
      flags?: Record<string, boolean | number>
    }[],
  ): void
}

declare module '@tensorflow/tfjs-core/dist/tests' {}

declare module '@tensorflow/tfjs-backend-webgpu' {
  import type { KernelBackend } from '@tensorflow/tfjs'

  export const WebGPUBackend: new (device: GPUDevice, info: GPUAdapterInfo) => KernelBackend
}
