// Several ranks against one process, at length: the losses and weights of 1, 2 and 4 ranks under each MPI of this
// machine, ranks killed at random moments, a table of features of which a rank was killed, half precision on the wire,
// and the time that communication takes. What docs/guides/scale-out.md says was measured by it. Build the command first.
//
//   node apps/cli/scripts/ranks.ts equal [cifar|paper] | kills [N] | features [PICTURES] | wire |
//     times [cifar|torchvision]

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { argv, stdout } from 'node:process'
import { encodePng, shapes } from '@alexnet/data'
import { Random } from '@alexnet/data/transforms'
import { readSafetensors } from '@alexnet/weights'
import { type Launcher, launch, launchers, processOf } from '../src/testing/ranks.ts'
import { start } from '../src/testing/run.ts'

const [, , task = 'equal', count] = argv
const cwd = await mkdtemp(join(tmpdir(), 'alexnet-ranks-'))
const openMpi = launchers[0]!
const say = (text: string) => stdout.write(`${text}\n`)

const steps = (
  text: string,
): { step: number; loss: number; seconds: number; bytesSent?: number }[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
    .filter(({ type }) => type === 'step')
const apart = (a: number, b: number) => Math.abs(a / b - 1)

/** The tensors of a run's last checkpoint, as bytes: the network's weights, and the optimiser's velocities. */
async function tensorsOf(run: string): Promise<{ weights: Buffer; velocities: Buffer }> {
  const checkpoints = join(cwd, run, 'checkpoints')
  const last = (await readdir(checkpoints)).sort().at(-1)!
  const { tensors } = readSafetensors(await readFile(join(checkpoints, last)))
  const bytesOf = (isOptimizer: boolean) =>
    Buffer.concat(
      [...tensors]
        .filter(([name]) => name.startsWith('optimizer.') === isOptimizer)
        .map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
    )
  return { weights: bytesOf(false), velocities: bytesOf(true) }
}

type Tensors = Awaited<ReturnType<typeof tensorsOf>>
const sameBits = (a: Tensors, b: Tensors) =>
  a.weights.equals(b.weights) && a.velocities.equals(b.velocities)

/** The largest difference of weights over the largest weight. */
function weightsApart(a: Tensors, b: Tensors): number {
  const [left, right] = [a, b].map(
    ({ weights }) => new Float32Array(Uint8Array.from(weights).buffer),
  )
  let most = 0
  let largest = 0
  left!.forEach((value, at) => {
    most = Math.max(most, Math.abs(value - right![at]!))
    largest = Math.max(largest, Math.abs(value))
  })
  return most / largest
}

const common = '--threads 1 --json --no-report --validation 0 --schedule constant'.split(' ')
const networks = {
  cifar: 'shapes:64 --variant cifar --epochs 1 --batch-size 16 --learning-rate 0.001'.split(' '),
  // Groups, local response normalisation and dropout of the 2012 network, on pictures of a third of its side.
  paper: 'shapes:64 --variant paper --input-size 67 --epochs 1 --batch-size 16'.split(' '),
}

async function ranked(launcher: Launcher, ranks: number, args: readonly string[]) {
  const outcome = await launch(launcher, args, { cwd, ranks })
  if (outcome.code !== 0) throw new Error(outcome.stderr)
  return steps(outcome.stdout)
}

async function equal(only: string | undefined): Promise<void> {
  for (const [network, args] of Object.entries(networks)) {
    if (only !== undefined && network !== only) continue
    const train = ['train', ...args, ...common, '--out']
    const alone = steps((await start([...train, `${network}-1`], { cwd })).stdout)
    const weights = await tensorsOf(`${network}-1`)
    for (const launcher of launchers) {
      for (const parallel of ['data', 'hybrid']) {
        for (const ranks of [2, 4]) {
          const runs = [0, 1].map(
            (turn) => `${network}-${launcher.command}-${parallel}-${ranks}-${turn}`,
          )
          const losses = await ranked(launcher, ranks, [...train, runs[0]!, '--parallel', parallel])
          const again = await ranked(launcher, ranks, [...train, runs[1]!, '--parallel', parallel])
          const [first, second] = await Promise.all(runs.map(tensorsOf))
          const same =
            sameBits(first!, second!) && losses.every(({ loss }, at) => loss === again[at]!.loss)
          const loss = Math.max(...losses.map((step, at) => apart(step.loss, alone[at]!.loss)))
          const weight = weightsApart(first!, weights)
          say(
            `${network}, ${launcher.name}, ${parallel}, ${ranks} ranks: ${losses.length} losses within ${loss.toExponential(1)}, weights within ${weight.toExponential(1)} of one process's; a second run ${same ? 'the same bits' : 'OTHER BITS'}; ${((losses[1]!.bytesSent ?? 0) / 1e6).toFixed(2)} MB sent by rank 0 a step`,
          )
        }
      }
    }
  }
}

async function kills(total: number): Promise<void> {
  const random = new Random(1)
  const train = [
    ...'train shapes:160 --variant lenet-5 --epochs 2 --batch-size 8 --mix-up 0.4'.split(' '),
    ...'--checkpoint-every 3 --threads 1 --json --no-report --out'.split(' '),
  ]
  const expected = await ranked(openMpi, 2, [...train, 'whole'])
  const weights = await tensorsOf('whole')
  let [killed, slowest, differ, unnamed] = [0, 0, 0, 0]
  for (let round = 0; killed < total; round++) {
    const run = `run-${round}`
    for (let first = true; ; first = false) {
      const rank = random.integer(2)
      const after = random.integer(12)
      let died: number | undefined
      const args = first
        ? [...train, run]
        : [
            'train',
            'shapes:160',
            '--resume',
            '--out',
            run,
            '--json',
            '--threads',
            '1',
            '--no-report',
          ]
      const outcome = await launch(openMpi, args, {
        cwd,
        onOutput: (text) => {
          if (died !== undefined || killed >= total || steps(text).length < after) return
          const pid = processOf(rank, run)
          if (pid === undefined) return
          process.kill(pid, 'SIGKILL')
          died = performance.now()
          killed++
        },
      })
      for (const { step, loss } of steps(outcome.stdout)) {
        if (expected.find((other) => other.step === step)?.loss !== loss) differ++
      }
      if (outcome.code === 0) break
      if (died === undefined) throw new Error(outcome.stderr)
      slowest = Math.max(slowest, performance.now() - died)
      if (!new RegExp(`rank ${rank}\\b`).test(outcome.stderr)) unnamed++
    }
    if (!sameBits(await tensorsOf(run), weights)) differ++
    say(
      `${killed} of ${total}: slowest end ${(slowest / 1000).toFixed(1)} s, rank not named ${unnamed}, differences ${differ}`,
    )
  }
}

async function features(pictures: number): Promise<void> {
  const drawn = shapes({ count: pictures, size: 32 })
  await Promise.all(
    Array.from({ length: pictures }, async (_, at) =>
      writeFile(
        join(cwd, `${String(at).padStart(5, '0')}.png`),
        await encodePng(await drawn.load(at)),
      ),
    ),
  )
  const files = (await readdir(cwd)).filter((name) => name.endsWith('.png')).sort()
  const args = ['features', ...files, '-w', 'cifar10', '-l', 'classifier.1', '--threads', '1', '-o']
  const one = await start([...args, 'one.npy'], { cwd })
  if (one.code !== 0) throw new Error(one.stderr)
  const parts = join(cwd, 'many.npy.parts')
  const killed = launch(openMpi, [...args, 'many.npy'], { cwd, ranks: 4 })
  for (let died = false; !died; ) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    const done = (await readdir(parts).catch(() => [])).filter((name) => name.endsWith('.part'))
    const pid = done.length > 0 ? processOf(2, 'many.npy') : undefined
    if (pid !== undefined) {
      process.kill(pid, 'SIGKILL')
      died = true
    }
  }
  const first = await killed
  const again = await launch(openMpi, [...args, 'many.npy'], { cwd, ranks: 4 })
  if (again.code !== 0) throw new Error(again.stderr)
  const [a, b] = await Promise.all(
    ['one', 'many'].map((name) => readFile(join(cwd, `${name}.npy`))),
  )
  say(
    `${pictures} pictures: a job whose rank 2 was killed ended with code ${first.code}; started again, ${b!.length} bytes, ${b!.equals(a!) ? "one process's, byte for byte" : 'DIFFERENT'}`,
  )
}

async function wire(): Promise<void> {
  const train = 'train shapes:512 --variant cifar --epochs 2 --batch-size 32 --parallel data'.split(
    ' ',
  )
  for (const type of ['float32', 'float16']) {
    const args = [
      ...train,
      '--wire',
      type,
      '--threads',
      '1',
      '--json',
      '--no-report',
      '--out',
      type,
    ]
    const outcome = await launch(openMpi, args, { cwd })
    if (outcome.code !== 0) throw new Error(outcome.stderr)
    const losses = steps(outcome.stdout)
    const mean = losses.slice(-8).reduce((sum, { loss }) => sum + loss / 8, 0)
    say(
      `${type}: ${((losses[1]!.bytesSent ?? 0) / 1e6).toFixed(2)} MB a step, loss of the last 8 of ${losses.length} steps ${mean.toFixed(6)}, first steps ${losses
        .slice(0, 3)
        .map(({ loss }) => loss.toFixed(6))
        .join(' ')}`,
    )
  }
}

/** A step of one process of two threads beside two ranks of one, in turn; the median, without the first steps. */
async function times(only: string | undefined): Promise<void> {
  const cases = {
    cifar: 'shapes:3840 --variant cifar --batch-size 128'.split(' '),
    torchvision: 'shapes:384 --variant torchvision --batch-size 32'.split(' '),
  }
  const common = '--epochs 1 --validation 0 --json --no-report --out'.split(' ')
  for (const [network, args] of Object.entries(cases)) {
    if (only !== undefined && network !== only) continue
    const found: Record<string, number[]> = {}
    for (let turn = 0; turn < 3; turn++) {
      const runs = {
        'one process, 2 threads': () =>
          start(['train', ...args, '--threads', '2', ...common, `${network}-one-${turn}`], { cwd }),
        ...Object.fromEntries(
          ['data', 'hybrid'].map((parallel) => [
            `2 ranks of 1 thread, ${parallel}`,
            () =>
              launch(
                openMpi,
                [
                  ...['train', ...args, '--threads', '1', '--parallel', parallel],
                  ...[...common, `${network}-${parallel}-${turn}`],
                ],
                { cwd },
              ),
          ]),
        ),
      }
      for (const [name, run] of Object.entries(runs)) {
        const { code, stdout, stderr } = await run()
        if (code !== 0) throw new Error(stderr)
        const seconds = steps(stdout)
          .slice(2)
          .map((step) => step.seconds)
        found[name] = [...(found[name] ?? []), ...seconds]
      }
    }
    const medians = Object.entries(found).map(
      ([name, seconds]) => [name, seconds.sort((a, b) => a - b)[seconds.length >> 1]!] as const,
    )
    for (const [name, median] of medians) {
      say(
        `${network}, ${name}: ${(median * 1000).toFixed(0)} ms a step, ${(median / medians[0]![1]).toFixed(2)} of one process`,
      )
    }
  }
}

try {
  if (task === 'equal') await equal(count)
  else if (task === 'kills') await kills(Number(count ?? 20))
  else if (task === 'features') await features(Number(count ?? 10_000))
  else if (task === 'wire') await wire()
  else if (task === 'times') await times(count)
  else throw new Error(`'${task}' is none of equal, kills, features, wire, times`)
} finally {
  await rm(cwd, { recursive: true, force: true })
}
