// What every language has to say: the keys of the English table, without the forms for one that others may not know.
import type { en } from './en.ts'

/** The same of any table. */
export type Said<T> = {
  readonly [Key in keyof T as Key extends `${string}_one` ? never : Key]: T[Key] extends string
    ? string
    : Said<T[Key]>
}

export type Table = Said<typeof en>
