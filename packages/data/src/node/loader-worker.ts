// What runs in a worker thread of a loader.

import { parentPort } from 'node:worker_threads'
import { serveParts } from '../loader-part.ts'
import { nodePlatform } from './platform.ts'

serveParts(
  nodePlatform,
  (handle) => parentPort!.on('message', handle),
  (result, transfer) => parentPort!.postMessage(result, transfer),
)
