// Serves the built page on this machine, with the headers that give it threads: `npm run playground`.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { preview } from 'vite'

const { values } = parseArgs({ options: { port: { type: 'string' }, host: { type: 'string' } } })
const port = Number(values.port ?? 4173)
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error(`--port ${values.port}: give a number from 0 to 65535`)
  process.exit(2)
}
const server = await preview({
  root: join(import.meta.dirname, '..'),
  logLevel: 'warn',
  // A port that is taken gives way to the next one.
  preview: { port, host: values.host ?? '127.0.0.1' },
})
console.log(`The playground is at ${server.resolvedUrls!.local[0]} (Ctrl-C ends it)`)
