// A Node process that is one engine: it reads requests, does them one after the other, and ends when
// nobody can ask any more.

import { writeSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { OnnxRuntime } from './engines/onnx-runtime.ts'
import type { DataReader, EngineSettings, Session } from './engines/session.ts'
import { messageOf } from './errors.ts'
import { REPLY_DESCRIPTOR, type Reply, type Request } from './messages.ts'
import { findPackage } from './peer-packages.ts'

const require = createRequire(import.meta.url)

async function startSession(settings: EngineSettings): Promise<Session> {
  const reader: DataReader = { bytes: (file) => readFile(join(settings.data, file)) }
  switch (settings.engine) {
    case 'ort-web':
    case 'ort-node': {
      const { startOnnxRuntime } = await import('./engines/onnx-runtime.ts')
      if (settings.engine === 'ort-node') {
        const native: OnnxRuntime = require(findPackage('onnxruntime-node')!.folder)
        return startOnnxRuntime(native, 'cpu', settings, reader)
      }
      return startOnnxRuntime(await import('onnxruntime-web'), 'wasm', settings, reader)
    }
    case 'jax-js':
      return (await import('./engines/jax.ts')).startJax(settings, reader)
    default: {
      const { startTensorflow } = await import('./engines/tensorflow.ts')
      const wasmFiles = `${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`
      return startTensorflow(settings, { reader, wasmFiles })
    }
  }
}

let session: Session | undefined

async function answer({ call, argument }: Request): Promise<unknown> {
  if (call === 'start') {
    session = await startSession(argument as EngineSettings)
    return session.info
  }
  if (!session) throw new Error(`'${call}' before 'start'`)
  if (call === 'run') return session.run(argument as number)
  if (call === 'output' && session.output) {
    const values = await session.output()
    return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64')
  }
  if (call === 'gradients' && session.gradients) return session.gradients(argument as number)
  if (call === 'kernel' && session.kernel) return session.kernel(argument as never)
  throw new Error(`this engine has no '${call}'`)
}

for await (const line of createInterface({ input: process.stdin })) {
  let reply: Reply
  try {
    reply = { value: (await answer(JSON.parse(line) as Request)) ?? null }
  } catch (error) {
    reply = { error: messageOf(error) }
  }
  const bytes = Buffer.from(`${JSON.stringify(reply)}\n`)
  for (let at = 0; at < bytes.length; ) at += writeSync(REPLY_DESCRIPTOR, bytes, at)
}
process.exit(0)
