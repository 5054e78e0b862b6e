// What can end the work of this backend, each with a name of its own, so that a program can tell a lost
// device from its own mistakes.

/** The device is gone (driver reset, removed, destroyed), and with it everything that lived on it. */
export class DeviceLostError extends Error {
  override readonly name = 'DeviceLostError'
}

/** The device refused a command, so that results made since cannot be trusted. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError'
}

/** The backend was stopped and a tensor of it is used. */
export class BackendStoppedError extends Error {
  override readonly name = 'BackendStoppedError'
}

/** A tensor does not fit into the device's limits or the memory budget. */
export class OutOfMemoryError extends Error {
  override readonly name = 'OutOfMemoryError'
}

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)
