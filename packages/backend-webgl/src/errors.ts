// What of this backend's own can end its work, beside the errors that all backends share.

import { BackendError, DeviceLostError } from '@alexnet/backend'

/** The browser took the WebGL context away; everything that lived on the device is gone. */
export class ContextLostError extends DeviceLostError {
  static override readonly kind: string = 'ContextLostError'
}

/** A gradient was asked for on a device that computes in half precision. */
export class HalfPrecisionError extends BackendError {
  static override readonly kind: string = 'HalfPrecisionError'
}
