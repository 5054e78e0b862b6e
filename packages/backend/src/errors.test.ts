import { expect, it } from 'vitest'
import type * as errors from './errors.ts'
import { BackendError, BackendStoppedError, DeviceLostError, OutOfMemoryError } from './errors.ts'

it('is one family', () => {
  const error = new DeviceLostError('gone')
  expect(error).toBeInstanceOf(Error)
  expect(error instanceof BackendError).toBe(true)
  expect(error instanceof DeviceLostError).toBe(true)
  expect(error instanceof OutOfMemoryError).toBe(false)
  expect([error.name, error.message]).toEqual(['DeviceLostError', 'gone'])
  expect(new BackendStoppedError('stopped') instanceof DeviceLostError).toBe(false)
  for (const other of [new Error('x'), null, undefined, 'text', {}]) {
    expect(other instanceof BackendError).toBe(false)
  }
})

it("knows an error of a package's own, and of another copy of this one", async () => {
  class ContextLostError extends DeviceLostError {
    static override readonly kind: string = 'ContextLostError'
  }
  const lost = new ContextLostError('gone')
  expect(lost.name).toBe('ContextLostError')
  expect(lost instanceof DeviceLostError).toBe(true)
  expect(new DeviceLostError('gone') instanceof ContextLostError).toBe(false)

  const copy = (await import(`${'./errors.ts'}?copy`)) as typeof errors
  expect(copy.OutOfMemoryError).not.toBe(OutOfMemoryError)
  expect(new copy.OutOfMemoryError('full') instanceof OutOfMemoryError).toBe(true)
  expect(new copy.OutOfMemoryError('full') instanceof BackendError).toBe(true)
  expect(new copy.OutOfMemoryError('full') instanceof DeviceLostError).toBe(false)
})
