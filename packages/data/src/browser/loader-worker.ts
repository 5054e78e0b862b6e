// What runs in a Web Worker of a loader.

import { serveParts, type ToWorker } from '../loader-part.ts'
import { browserPlatform } from './platform.ts'

const scope = globalThis as unknown as {
  addEventListener(type: 'message', listen: (event: MessageEvent<ToWorker>) => void): void
  postMessage(message: unknown, transfer: ArrayBuffer[]): void
}

serveParts(
  browserPlatform,
  (handle) => scope.addEventListener('message', ({ data }) => handle(data)),
  (result, transfer) => scope.postMessage(result, transfer),
)
