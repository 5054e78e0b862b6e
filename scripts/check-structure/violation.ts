// What a check of the structure hands back: what it looked at, and what it found broken. Every violation
// says where, what and what to do, so that nobody needs to read the checker to mend the code.

/** One broken rule at one place. */
export interface Violation {
  /** Path from the workspace's root, with `/`. */
  file: string
  /** What is wrong, as a clause that can follow "file: ". */
  what: string
  /** What to do about it. */
  remedy: string
}

/** The outcome of one check. */
export interface CheckResult {
  /** What was looked at, with counts. */
  checked: string
  violations: Violation[]
  /** Set when the check could not be made, with the reason. */
  skipped?: string
}

/** The line printed for a violation. */
export function formatViolation({ file, what, remedy }: Violation): string {
  return `${file}: ${what}; ${remedy}`
}
