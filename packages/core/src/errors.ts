// The two kinds of mistake a caller of this package can make: an option that cannot be
// (OptionError) and tensors that do not fit the model (WeightsError). Both are plain subclasses of
// Error, so that a program can tell them from bugs and show their message as it is. The checks that
// throw them and the wording that they share are here too.
import { distance } from 'fastest-levenshtein'

/**
 * An option of `createAlexNet` or of one of the layers is unknown, of the wrong type or out of
 * range.
 */
export class OptionError extends Error {
  override readonly name = 'OptionError'
}

/** A tensor whose shape differs from the one the model wants. */
export interface ShapeMismatch {
  /** PyTorch's name of the tensor, `classifier.6.weight`. */
  name: string
  /** Shape in the model, in PyTorch's layout. */
  expected: number[]
  /** Shape that was given. */
  found: number[]
}

/** Tensors given to `loadWeights` do not fit the model; the message lists every one of them. */
export class WeightsError extends Error {
  override readonly name = 'WeightsError'
  /** Weights of the model that were not given. */
  readonly missing: string[]
  /** Tensors given that the model does not have. */
  readonly unexpected: string[]
  /** Tensors given in another shape. */
  readonly misshapen: ShapeMismatch[]

  constructor(
    message: string,
    details: { missing: string[]; unexpected: string[]; misshapen: ShapeMismatch[] },
  ) {
    super(message)
    this.missing = details.missing
    this.unexpected = details.unexpected
    this.misshapen = details.misshapen
  }
}

/** Throws OptionError unless `value` is a whole number of at least `minimum`. */
export function requireWholeNumber(name: string, value: unknown, minimum: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= minimum) return value
  throw new OptionError(
    `${name} must be a whole number of at least ${minimum}, found ${show(value)}`,
  )
}

/** Throws OptionError unless `value` is a probability that leaves something: 0 ≤ value < 1. */
export function requireRate(name: string, value: unknown): number {
  if (typeof value === 'number' && value >= 0 && value < 1) return value
  throw new OptionError(`${name} must be at least 0 and less than 1, found ${show(value)}`)
}

/** A value as it would stand in the caller's source, short enough for one line. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'number' || value == null) return String(value)
  const text = typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? String(value))
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/**
 * The names that `name` may have been meant to be, nearest first, or all of them when none is near.
 */
export function suggestion(name: unknown, names: readonly string[]): string {
  const text = String(name).toLowerCase()
  const near = names
    .map((candidate) => ({ candidate, edits: distance(text, candidate.toLowerCase()) }))
    .filter(
      ({ candidate, edits }) =>
        edits <= Math.max(2, candidate.length / 2) || (text.length > 2 && candidate.includes(text)),
    )
    .sort((a, b) => a.edits - b.edits)
    .slice(0, 3)
  if (near.length === 0) return `choose one of ${names.join(', ')}`
  return `did you mean ${near.map(({ candidate }) => candidate).join(' or ')}?`
}
