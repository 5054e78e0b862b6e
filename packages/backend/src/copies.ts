// Whether a program has loaded TensorFlow.js twice. Copies share an engine, whose tensors are of the copy that was
// loaded first: computing works, mixing layers of both does not, and the error then says nothing of the reason.

import type * as moduleModule from 'node:module'
import * as tf from '@tensorflow/tfjs'

let warned = false

/** Says once, in one line, that there are copies, where they are, and how to have one. */
export function warnOfCopies(): void {
  if (warned) return
  const one = tf.scalar(1)
  const isOurs = one.constructor === tf.Tensor
  one.dispose()
  if (isOurs) return
  warned = true
  const places = placesOfCopies()
  console.warn(
    `two copies of TensorFlow.js are loaded${places.length > 1 ? ` (${places.join(' and ')})` : ''}; ` +
      'layers of one do not go with models of the other. `npm dedupe` joins them where their versions agree, ' +
      `"overrides": { "@tensorflow/tfjs": "${tf.version.tfjs}" } in the program's package.json where they do not`,
  )
}

/** Folders of the copies of tfjs-core that Node has loaded; none in a browser, which does not tell. */
function placesOfCopies(): string[] {
  const host = globalThis.process as { getBuiltinModule?(name: string): unknown } | undefined
  const module = host?.getBuiltinModule?.('node:module') as typeof moduleModule | undefined
  const files = Object.keys(module?.createRequire(import.meta.url).cache ?? {})
  const place = /^(.*[\\/]tfjs-core)[\\/]dist[\\/]tf-core\.node\.js$/
  return files.flatMap((file) => place.exec(file)?.[1] ?? [])
}
