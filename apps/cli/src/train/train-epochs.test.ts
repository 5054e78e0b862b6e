// scripts/train-epochs.ts, which other programs train with an epoch at a time: it waits, goes on after it
// was killed, and comes to what the command itself does. Runs the sources and the built command.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { readCheckpointFile } from '@alexnet/weights/node'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { start, temporaryFolder } from '../testing/run.ts'

const script = fileURLToPath(new URL('../../scripts/train-epochs.ts', import.meta.url))

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder.remove())

const path = (...names: string[]) => join(folder.path, ...names)
const options = { variant: 'lenet-5', epochs: 3, batchSize: 20, threads: 1 }

function run(mode: string, argument: object) {
  const child = spawn(process.execPath, [script, mode, JSON.stringify(argument)], {
    cwd: folder.path,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => JSON.parse((await lines.next()).value!)
  return { child, next }
}

it('trains an epoch when it is told to, also after a kill, with the numbers of the command', async () => {
  const argument = { data: 'shapes:120', options: { ...options, out: 'steered' } }
  const first = run('train', argument)
  expect(await first.next()).toMatchObject({ epoch: 1, seconds: expect.any(Number) })
  first.child.stdin.write('\n')
  expect(await first.next()).toMatchObject({ epoch: 2 })
  first.child.kill('SIGKILL')
  await once(first.child, 'close')
  const second = run('train', argument)
  const { epoch, test, training } = await second.next()
  expect(epoch).toBe(3)
  second.child.stdin.end()
  await once(second.child, 'close')

  const told = (await readFile(path('steered.jsonl'), 'utf8')).trim().split('\n')
  expect(told.map((line) => JSON.parse(line).epoch)).toEqual([1, 2, 3])

  const args = 'train shapes:120 --variant lenet-5 --epochs 3 --batch-size 20 --threads 1'
  const command = await start([...args.split(' '), '--no-report', '--out', 'command'], {
    cwd: folder.path,
  })
  expect(command.code, command.stderr).toBe(0)
  const lines = (await readFile(path('command', 'log.jsonl'), 'utf8')).trim().split('\n')
  const last = JSON.parse(lines.at(-1)!)
  expect([training, test]).toEqual([last.train.top1, last.validation.top1])
  const [steered, plain] = await Promise.all(
    ['steered', 'command'].map((name) => readCheckpointFile(path(name, 'model.safetensors'))),
  )
  expect(new Map(steered!.tensors)).toEqual(new Map(plain!.tensors))
}, 300_000)

it('describes pictures, weights and recipe for another program', async () => {
  const described = { ...options, out: 'unused', validation: 0.25 }
  const { child } = run('describe', {
    data: 'shapes:120',
    options: described,
    folder: path('description'),
  })
  expect((await once(child, 'close'))[0]).toBe(0)
  const read = (name: string) => readFile(path('description', name))
  const description = JSON.parse((await read('network.json')).toString())
  expect(description).toMatchObject({ size: 32, classes: 10, recipe: { epochs: 3, batchSize: 20 } })
  expect(description.logits).toHaveLength(16)
  const [train, test] = [await read('train-labels.bin'), await read('test-labels.bin')]
  expect((await read('train.bin')).length).toBe(train.length * 32 * 32 * 3)
  expect((await read('test.bin')).length).toBe(test.length * 32 * 32 * 3)
  const { tensors } = await readCheckpointFile(path('description', 'weights.safetensors'))
  expect([...tensors.keys()]).toContain('features.0.weight')
}, 300_000)
