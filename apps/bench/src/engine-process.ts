// An engine in a process of its own, from the benchmark's side. Heaps, thread pools and compiled code of
// one engine cannot disturb another's; between its turns it waits for its next line.

import { type ChildProcess, spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { EngineEntry } from './engines/catalog.ts'
import type { Calls, Reply, Request } from './messages.ts'
import { REPLY_DESCRIPTOR } from './messages.ts'

/** An engine that can be asked, in whatever it runs. */
export interface Engine {
  ask<C extends keyof Calls>(call: C, argument: Calls[C]['takes']): Promise<Calls[C]['gives']>
  stop(): Promise<void>
}

export interface ProcessOptions {
  /** The Python that has PyTorch. */
  python?: string
  threads: number
  /** Lets native allocation keep what is freed, as the other engines do by themselves. */
  keepMemory?: boolean
}

/**
 * glibc's allocator gives large blocks back to the system after each step, and every step then pays for
 * page faults again, which a virtual machine makes dear: PyTorch's training step took 3 times as long.
 */
export const keepingMemory = {
  MALLOC_MMAP_THRESHOLD_: String(2 ** 35),
  MALLOC_TRIM_THRESHOLD_: String(2 ** 35),
}

/** No single request takes longer on an engine worth waiting for. */
const LONGEST_ANSWER = 15 * 60_000

const engineMain = fileURLToPath(new URL('./engine-main.js', import.meta.url))
const pytorchScript = fileURLToPath(new URL('../scripts/pytorch.py', import.meta.url))

export class EngineProcess implements Engine {
  readonly #child: ChildProcess
  readonly #exited: Promise<void>
  #errors = ''
  #waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void } | undefined

  constructor(
    entry: EngineEntry,
    { python = 'python3', threads, keepMemory = true }: ProcessOptions,
  ) {
    const [command, args] =
      entry.host === 'python' ? [python, [pytorchScript]] : [process.execPath, [engineMain]]
    this.#child = spawn(command, args, {
      stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
      // OpenBLAS and OpenMP make their pools before a script can say how large.
      env: {
        ...process.env,
        OMP_NUM_THREADS: String(threads),
        OPENBLAS_NUM_THREADS: String(threads),
        ...(keepMemory && keepingMemory),
      },
    })
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-4000)
    })
    this.#child.stdin!.on('error', () => {})
    const replies = createInterface({ input: this.#child.stdio[REPLY_DESCRIPTOR] as Readable })
    replies.on('line', (line) => this.#settle(JSON.parse(line) as Reply))
    this.#exited = new Promise((resolve) => {
      const ended = (why: string) => {
        this.#waiting?.reject(new Error(`the engine's process ${why}${this.#lastWords()}`))
        this.#waiting = undefined
        resolve()
      }
      this.#child.on('error', (error) => ended(`could not be started: ${error.message}`))
      this.#child.on('close', (code, signal) => ended(`ended (${signal ?? `exit code ${code}`})`))
    })
  }

  async ask<C extends keyof Calls>(
    call: C,
    argument: Calls[C]['takes'],
  ): Promise<Calls[C]['gives']> {
    const request: Request = { call, argument }
    let timer: NodeJS.Timeout | undefined
    const reply = await new Promise<Reply>((resolve, reject) => {
      if (this.#child.exitCode !== null) return reject(new Error(`has ended${this.#lastWords()}`))
      this.#waiting = { resolve, reject }
      timer = setTimeout(() => {
        reject(new Error(`no answer to '${call}' within ${LONGEST_ANSWER / 60_000} minutes`))
        this.#child.kill('SIGKILL')
      }, LONGEST_ANSWER)
      this.#child.stdin!.write(`${JSON.stringify(request)}\n`)
    }).finally(() => clearTimeout(timer))
    if ('error' in reply) throw new Error(reply.error)
    return reply.value as Calls[C]['gives']
  }

  /** Ends the process and waits for its end. */
  async stop(): Promise<void> {
    this.#child.stdin!.end()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5000)
    await this.#exited
    clearTimeout(timer)
  }

  /**
   * Most resident bytes so far, as Linux counts them (VmHWM); undefined where there is no /proc.
   * https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
   */
  async peakResidentBytes(): Promise<number | undefined> {
    return this.#status('VmHWM')
  }

  async residentBytes(): Promise<number | undefined> {
    return this.#status('VmRSS')
  }

  /** Starts the count of the peak anew; false where the system does not let it. */
  async resetPeak(): Promise<boolean> {
    try {
      await writeFile(`/proc/${this.#child.pid}/clear_refs`, '5')
      return true
    } catch {
      return false
    }
  }

  async #status(field: string): Promise<number | undefined> {
    try {
      const status = await readFile(`/proc/${this.#child.pid}/status`, 'utf8')
      const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]
      return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
    } catch {
      return undefined
    }
  }

  #settle(reply: Reply): void {
    this.#waiting?.resolve(reply)
    this.#waiting = undefined
  }

  #lastWords(): string {
    const line = this.#errors.trim().split('\n').at(-1)
    return line ? `: ${line}` : ''
  }
}
