// What can end or refuse the work of a backend, one family for all of them, so that a program can tell a lost
// device or a full memory from its own mistakes without knowing which backend runs:
//
//     BackendError → OutOfMemoryError, BackendStoppedError, DeviceLostError
//
// Packages add errors of their own below these. `instanceof` goes by the kind that an error says it is, not by the
// class object, so that it also holds where a program has two copies of this package.

/** Under this every error of the family lists what it is, itself last. */
const KINDS = Symbol.for('@alexnet/backend kinds of error')

/** Anything that a backend ends or refuses work with. Its subclasses have a `kind` of their own. */
export class BackendError extends Error {
  static readonly kind: string = 'BackendError'
  readonly [KINDS]: readonly string[]
  override readonly name: string

  constructor(message: string) {
    super(message)
    this[KINDS] = kindsOf(new.target)
    this.name = new.target.kind
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: the class that stands right of instanceof, not this one
    const own = this as typeof BackendError
    const kinds = (value as { [KINDS]?: readonly string[] } | null | undefined)?.[KINDS]
    return Array.isArray(kinds) && kinds.includes(own.kind)
  }
}

/** An operation does not fit into the device, the memory, or its limit. Tensors that exist stay valid. */
export class OutOfMemoryError extends BackendError {
  static override readonly kind: string = 'OutOfMemoryError'
}

/** The backend was stopped, and is used: start it anew by useBackend. */
export class BackendStoppedError extends BackendError {
  static override readonly kind: string = 'BackendStoppedError'
}

/** The device is gone (driver reset, removed, destroyed), and with it every tensor that lived on it. */
export class DeviceLostError extends BackendError {
  static override readonly kind: string = 'DeviceLostError'
}

/** The kinds of a class and of those above it, its own last. */
function kindsOf(type: typeof BackendError): string[] {
  const above = Object.getPrototypeOf(type) as typeof BackendError
  const before = above.kind === undefined ? [] : kindsOf(above)
  return [...before, type.kind]
}
