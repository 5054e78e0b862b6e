// Serves the built page on this machine, with the headers that give it threads: `npm run playground`. With `--weights` the
// page has a button for weights that lie here.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { preview } from 'vite'
import { offerWeights } from './offer-weights.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    host: { type: 'string' },
    weights: { type: 'string' },
  },
})
const fail = (message: string): never => {
  console.error(message)
  process.exit(2)
}
const port = Number(values.port ?? 4173)
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  fail(`--port ${values.port}: give a number from 0 to 65535`)
}
const own =
  values.weights === undefined
    ? undefined
    : await offerWeights(values.weights).catch((error: Error) => fail(`--weights ${error.message}`))
const server = await preview({
  root: join(import.meta.dirname, '..'),
  logLevel: 'warn',
  plugins: own && [own.plugin],
  // A port that is taken gives way to the next one.
  preview: { port, host: values.host ?? '127.0.0.1' },
})
for (const { description, bytes } of own?.offered ?? []) {
  console.log(`It offers ${description} (${Math.ceil(bytes! / 1e6)} MB)`)
}
console.log(`The playground is at ${server.resolvedUrls!.local[0]} (Ctrl-C ends it)`)
