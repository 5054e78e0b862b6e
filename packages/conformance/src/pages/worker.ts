// A worker that reports once.

import { report } from './report.ts'

report().then(
  (found) => postMessage(found),
  (error) => postMessage(String(error)),
)
