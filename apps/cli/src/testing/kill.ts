// Kills a training run at random moments, without a warning, and resumes it, until it is done; then
// compares every loss that was told, and what the run came to, with a run that was left alone. For a test
// and for scripts/kill-and-resume.ts only.

import { spawn } from 'node:child_process'
import { access, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Random } from '@alexnet/data/transforms'
import { readCheckpointFile } from '@alexnet/weights/node'

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

export interface KillOptions {
  /** Where the runs' folders go. */
  cwd: string
  /** Arguments of `alexnet train` but --out, --resume and --json. */
  args: readonly string[]
  kills: number
  seed: number
  onProgress?: (text: string) => void
}

export interface KillResult {
  kills: number
  /** How many of the kills came before the first step of their process. */
  early: number
  /** Steps that were done again after a kill, most after one. */
  mostRepeated: number
  /** Losses that were told and compared. */
  compared: number
  /** What differed; empty when nothing did. */
  differences: string[]
}

/** Runs the command to the end once, then again and again with kills until there were enough. */
export async function killAndResume(options: KillOptions): Promise<KillResult> {
  const { cwd, kills, seed, onProgress = () => {} } = options
  const random = new Random(seed)
  const whole = await attempt(options, 'whole', undefined)
  if (!whole.finished) throw new Error(`the run that is left alone failed: ${whole.stderr}`)
  const result: KillResult = {
    kills: 0,
    early: 0,
    mostRepeated: 0,
    compared: 0,
    differences: [],
  }
  for (let round = 0; result.kills < kills; round++) {
    const folder = `killed-${round}`
    let saved = 0
    let done = 0
    for (let finished = false; !finished; ) {
      const when = result.kills < kills ? nextKill(random) : undefined
      const part = await attempt(options, folder, when)
      finished = part.finished
      if (!finished && !part.killed) {
        result.differences.push(`${folder} failed to go on: ${part.stderr.trim()}`)
        return result
      }
      if (part.killed) result.kills += 1
      if (part.killed && part.losses.size === 0) result.early += 1
      const [first] = part.losses.keys()
      if (first !== undefined) {
        // The process may have saved more than it could tell before it died, never less.
        if (first <= saved) result.differences.push(`step ${first} again after ${saved} was saved`)
        result.mostRepeated = Math.max(result.mostRepeated, done - first + 1)
        done = Math.max(...part.losses.keys())
      }
      saved = Math.max(saved, part.saved)
      for (const [step, loss] of part.losses) {
        result.compared += 1
        const expected = whole.losses.get(step)
        if (loss !== expected) {
          result.differences.push(`loss of step ${step}: ${loss}, not ${expected}`)
        }
      }
    }
    result.differences.push(...(await differences(cwd, 'whole', folder)))
    await rm(join(cwd, folder), { recursive: true })
    onProgress(`${result.kills} kills, ${result.differences.length} differences`)
  }
  return result
}

/** When a process is killed: after so many events, and so many milliseconds after that. */
interface Kill {
  events: number
  delay: number
}

/** A third of the time while it starts or opens its files; else between steps, or while it saves. */
function nextKill(random: Random): Kill {
  if (random.float() < 0.3) return { events: 0, delay: random.uniform(0, 3000) }
  return { events: 1 + random.integer(25), delay: random.uniform(0, 40) }
}

async function attempt({ cwd, args }: KillOptions, out: string, kill: Kill | undefined) {
  const goesOn = await access(join(cwd, out, 'run.json')).then(
    () => true,
    () => false,
  )
  const command = [...args, '--out', out, '--json', ...(goesOn ? ['--resume'] : [])]
  const child = spawn(process.execPath, [main, 'train', ...command], {
    cwd,
    env: { ...process.env, NO_COLOR: '1' },
  })
  const losses = new Map<number, number>()
  let saved = 0
  let events = 0
  let stderr = ''
  let rest = ''
  let timer: NodeJS.Timeout | undefined
  const killSoon = () => {
    timer ??= setTimeout(() => child.kill('SIGKILL'), kill!.delay)
  }
  if (kill?.events === 0) killSoon()
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      const event = JSON.parse(line)
      if (event.type === 'step') losses.set(event.step, event.loss)
      if (event.type === 'checkpoint') saved = event.step
      events += 1
      if (kill && events >= kill.events) killSoon()
    }
  })
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>(
    (resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code, signal) => resolve([code, signal]))
    },
  )
  clearTimeout(timer)
  return { losses, saved, stderr, finished: code === 0, killed: signal === 'SIGKILL' }
}

/** Tensors of the models that are not the same in both folders. */
async function differences(cwd: string, expected: string, found: string): Promise<string[]> {
  const [whole, other] = await Promise.all(
    [expected, found].map((run) => readCheckpointFile(join(cwd, run, 'model.safetensors'))),
  )
  return [...whole!.tensors].flatMap(([name, { data }]) => {
    const twin = other!.tensors.get(name)?.data
    const same =
      twin?.length === data.length && Buffer.compare(bytes(twin), bytes(data as Float32Array)) === 0
    return same ? [] : [`${name} of the model differs`]
  })
}

const bytes = (data: ArrayLike<number> | ArrayLike<bigint>) => {
  const { buffer, byteOffset, byteLength } = data as Float32Array
  return Buffer.from(buffer, byteOffset, byteLength)
}
