// What is used of two packages without types of it.

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
