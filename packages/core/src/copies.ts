// Whether a program has loaded TensorFlow.js twice. Copies share an engine, so that computing works; mixing layers of
// both does not, and the error then says nothing of the reason. (As in backend, of which nothing is there when
// this runs.)

import type * as moduleModule from 'node:module'
import * as tf from '@tensorflow/tfjs'

/** Of the global object, true once it was told, by whichever package. */
const TOLD = Symbol.for('@alexnet told of copies of TensorFlow.js')

/** Says once, in one line, that there are copies, where they are, and how to have one. */
export function warnOfCopies(): void {
  const host = globalThis as { [TOLD]?: boolean }
  if (host[TOLD]) return
  const places = placesOfCopies()
  // The first copy that is loaded makes the environment of all; one that comes later only Node tells of.
  if (tf.env() instanceof tf.Environment && places.length < 2) return
  host[TOLD] = true
  console.warn(
    `two copies of TensorFlow.js are loaded${places.length > 1 ? ` (${places.join(' and ')})` : ''}; ` +
      'layers of one do not go with models of the other. To have one: `npm dedupe`, or, where their versions differ, ' +
      '"overrides": { "@tensorflow/tfjs": "$@tensorflow/tfjs" } in the program\'s package.json; with pnpm `pnpm dedupe`, ' +
      `or overrides: { '@tensorflow/tfjs': '${tf.version_core}' } in its pnpm-workspace.yaml`,
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
