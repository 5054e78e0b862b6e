// What mutation testing changes, by package: the files whose numbers everything rests on, and the tests that are to
// notice. Words of errors are left alone: changed, they say the same to a program.

export interface Target {
  /** Files that are changed, below the package. */
  readonly mutate: readonly string[]
  /** Tests that may notice, below the package: those in this process, which a changed file reaches. */
  readonly tests: readonly string[]
}

/** By folder of `packages`. */
export const targets: Readonly<Record<string, Target>> = {
  core: {
    mutate: ['src/architecture.ts', 'src/describe.ts', 'src/window.ts'],
    tests: ['src/{architecture,describe,build,window}*.test.ts', 'src/architectures/*.test.ts'],
  },
  data: {
    mutate: [
      'src/operations/{flip,geometry,padding,pixel,point}.ts',
      'src/transforms/{crop,resize,random-resized-crop,multi-crop,distributions,checks}.ts',
    ],
    tests: ['src/operations/*.test.ts', 'src/transforms/*.test.ts', 'src/presets.test.ts'],
  },
  weights: {
    mutate: ['src/{safetensors,npy,tensor,half,source,windows}.ts', 'src/pytorch/pickle.ts'],
    tests: [
      'src/{safetensors,npy,tensor,half,source,windows,checkpoint,found,writers,quantization}.test.ts',
      'src/pytorch/*.test.ts',
    ],
  },
}

/** Mutators that are left out. */
export const leftOut = ['StringLiteral']
