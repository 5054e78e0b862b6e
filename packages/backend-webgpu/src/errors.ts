// What of this backend's own can end its work, beside the errors that all backends share.

import { BackendError } from '@alexnet/backend'

/** The device refused a command, so that results made since cannot be trusted. */
export class DeviceError extends BackendError {
  static override readonly kind: string = 'DeviceError'
}

/**
 * The device refused a program (a shader that it cannot compile, a shape that the shader is not made for): what it
 * was to compute cannot be read, everything else goes on.
 */
export class ProgramError extends BackendError {
  static override readonly kind: string = 'ProgramError'
}

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)
