// What can end the work of this backend, each with a name of its own, so that a program can tell a lost
// device from its own mistakes.

/** The browser took the WebGL context away; everything that lived on the device is gone. */
export class ContextLostError extends Error {
  override readonly name = 'ContextLostError'
}

/** The backend was stopped and a tensor of it is used. */
export class BackendStoppedError extends Error {
  override readonly name = 'BackendStoppedError'
}

/** A tensor does not fit into the memory budget. */
export class OutOfMemoryError extends Error {
  override readonly name = 'OutOfMemoryError'
}

/** A gradient was asked for on a device that computes in half precision. */
export class HalfPrecisionError extends Error {
  override readonly name = 'HalfPrecisionError'
}
