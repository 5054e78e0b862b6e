// The system's MPI library, called through koffi: the dozen functions that are needed, and what differs
// between the two ABIs. MPICH (and Intel's, Cray's and MVAPICH's libraries, which keep its ABI) has integers
// as handles, Open MPI addresses of its own variables. Which one a library is, it says itself before anything else
// of it is used.

import type { Launch } from './launch.ts'

/** A send or a receive under way. */
export interface Request {
  readonly slot: Uint8Array
  readonly status: Uint8Array
  readonly peer: number
  /** Bytes that are to come; undefined for a send. */
  readonly expected: number | undefined
  done: boolean
}

/** MPI could not be found or used; the message is one line and says what to do. */
export class MpiError extends Error {
  override readonly name = 'MpiError'
  /** The rank on the other side, where there is one. */
  readonly peer: number | undefined

  constructor(message: string, peer?: number) {
    super(message)
    this.peer = peer
  }
}

type Native = (...values: unknown[]) => number
type Handle = number | bigint

interface Library {
  func(prototype: string): Native
  symbol(name: string, type: string): unknown
}

interface Koffi {
  load(path: string, options?: { global?: boolean }): Library
  address(pointer: unknown): bigint
}

const candidates = {
  'Open MPI': ['libmpi.so.40', 'libmpi.so.80', 'libmpi.so.20', 'libmpi.40.dylib', 'libmpi.dylib'],
  MPICH: ['libmpich.so.12', 'libmpi.so.12', 'libmpich.so', 'libmpi.12.dylib', 'libmpich.dylib'],
}
/** The plain name can be either. */
const either = ['libmpi.so']

/** Memory that C may write to: never on V8's own heap, where small arrays move. */
const memory = (bytes: number) => new Uint8Array(new ArrayBuffer(bytes))

export class Mpi {
  /** What the library calls itself, its first line. */
  readonly version: string
  readonly path: string
  readonly #library: Library
  readonly #handle: 'int' | 'uint64_t'
  readonly #world: Handle
  readonly #byte: Handle
  readonly #errorsReturn: Handle
  readonly #functions = new Map<string, Native>()

  private constructor(koffi: Koffi, library: Library, path: string, version: string) {
    this.#library = library
    this.path = path
    this.version = version
    const isOpen = version.startsWith('Open MPI')
    this.#handle = isOpen ? 'uint64_t' : 'int'
    const address = (name: string): Handle => koffi.address(library.symbol(name, 'void *'))
    // MPICH's numbers are its ABI's, the same since 2013 (https://www.mpich.org/abi/).
    this.#world = isOpen ? address('ompi_mpi_comm_world') : 0x44000000
    this.#byte = isOpen ? address('ompi_mpi_byte') : 0x4c00010d
    this.#errorsReturn = isOpen ? address('ompi_mpi_errors_return') : 0x54000001
  }

  /**
   * Finds the library that belongs to the launcher: `$ALEXNET_MPI`, or the usual names.
   *
   * @throws MpiError when there is none, koffi is missing or the ABI is not known
   */
  static async load(launcher: Launch['launcher'] | undefined): Promise<Mpi> {
    let koffi: Koffi
    try {
      const name = 'koffi'
      const module = (await import(name)) as { default: Koffi }
      koffi = module.default
    } catch {
      throw new MpiError('several processes need the package koffi to use MPI: npm install koffi')
    }
    const named = process.env.ALEXNET_MPI
    const order: (keyof typeof candidates)[] =
      launcher === 'MPICH' ? ['MPICH', 'Open MPI'] : ['Open MPI', 'MPICH']
    const paths = named ? [named] : [...order.flatMap((name) => candidates[name]), ...either]
    for (const path of paths) {
      let library: Library
      try {
        // Open MPI's own plug-ins look its symbols up globally.
        library = koffi.load(path, { global: true })
      } catch (error) {
        if (!named) continue
        throw new MpiError(`ALEXNET_MPI: ${(error as Error).message.split('\n')[0]}`)
      }
      const version = versionOf(library, path)
      const isKnown = /^(Open MPI|MPICH|Intel\(R\) MPI|MVAPICH|CRAY MPICH)/i.test(version)
      if (!isKnown) {
        throw new MpiError(
          `${path} calls itself "${version}", whose ABI is neither Open MPI's nor MPICH's: name another library in ALEXNET_MPI`,
        )
      }
      return new Mpi(koffi, library, path, version)
    }
    throw new MpiError(
      'no MPI library found: install Open MPI or MPICH (Debian: apt install libopenmpi3 or libmpich12), or name its file in ALEXNET_MPI',
    )
  }

  #call(prototype: string, ...values: unknown[]): number {
    let native = this.#functions.get(prototype)
    if (!native) {
      native = this.#library.func(prototype.replaceAll('HANDLE', this.#handle))
      this.#functions.set(prototype, native)
    }
    return native(...values)
  }

  #check(code: number, doing: string, peer?: number): void {
    if (code === 0) return
    const text = memory(8192)
    const length = memory(8)
    this.#call('int MPI_Error_string(int, void *, void *)', code, text, length)
    const about = Buffer.from(text.buffer, 0, new Int32Array(length.buffer)[0]).toString('latin1')
    throw new MpiError(`MPI could not ${doing}: ${about.split('\n')[0]}`, peer)
  }

  /** Joins the job. */
  init(): { rank: number; size: number } {
    const provided = memory(8)
    // Funneled: one thread of several, this one, calls MPI.
    this.#check(
      this.#call('int MPI_Init_thread(void *, void *, int, void *)', null, null, 1, provided),
      'start',
    )
    this.#check(
      this.#call('int MPI_Comm_set_errhandler(HANDLE, HANDLE)', this.#world, this.#errorsReturn),
      'have errors returned',
    )
    const value = memory(8)
    const number = () => new Int32Array(value.buffer)[0]!
    this.#check(this.#call('int MPI_Comm_rank(HANDLE, void *)', this.#world, value), 'tell ranks')
    const rank = number()
    this.#check(this.#call('int MPI_Comm_size(HANDLE, void *)', this.#world, value), 'tell ranks')
    return { rank, size: number() }
  }

  send(bytes: Uint8Array, peer: number, tag: number): Request {
    const slot = memory(8)
    const code = this.#call(
      'int MPI_Isend(void *, int, HANDLE, int, int, HANDLE, void *)',
      ...[bytes, bytes.byteLength, this.#byte, peer, tag, this.#world, slot],
    )
    this.#check(code, `send to rank ${peer}`, peer)
    return { slot, status: memory(64), peer, expected: undefined, done: false }
  }

  receive(bytes: Uint8Array, peer: number, tag: number): Request {
    const slot = memory(8)
    const code = this.#call(
      'int MPI_Irecv(void *, int, HANDLE, int, int, HANDLE, void *)',
      ...[bytes, bytes.byteLength, this.#byte, peer, tag, this.#world, slot],
    )
    this.#check(code, `receive from rank ${peer}`, peer)
    return { slot, status: memory(64), peer, expected: bytes.byteLength, done: false }
  }

  /** Whether a request is done; also what moves data on. */
  test(request: Request): boolean {
    if (request.done) return true
    const { slot, status, peer, expected } = request
    this.#check(
      this.#call('int MPI_Test(void *, void *, void *)', slot, flag, status),
      `exchange with rank ${peer}`,
      peer,
    )
    if (flagValue[0] === 0) return false
    request.done = true
    if (expected === undefined) return true
    this.#call('int MPI_Get_count(void *, HANDLE, void *)', status, this.#byte, flag)
    if (flagValue[0] !== expected) {
      throw new MpiError(
        `rank ${peer} sent ${flagValue[0]} bytes where ${expected} were expected: it is not at the same step`,
        peer,
      )
    }
    return true
  }

  /** Ends the job; does not come back. */
  abort(code: number): void {
    this.#call('int MPI_Abort(HANDLE, int)', this.#world, code)
  }

  finalize(): void {
    this.#call('int MPI_Finalize()')
  }
}

const flag = memory(8)
const flagValue = new Int32Array(flag.buffer)

function versionOf(library: Library, path: string): string {
  const text = memory(8192)
  const length = memory(8)
  try {
    library.func('int MPI_Get_library_version(void *, void *)')(text, length)
  } catch {
    throw new MpiError(
      `${path} does not tell its version (MPI 3 and later do): name another library in ALEXNET_MPI`,
    )
  }
  const whole = Buffer.from(text.buffer, 0, new Int32Array(length.buffer)[0]).toString('latin1')
  return whole
    .split('\n')[0]!
    .replace(/\s+/g, ' ')
    .replace(/, package.*/, '')
    .trim()
}
