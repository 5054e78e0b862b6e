// The one place where the classes of two sides are brought together: a part's with those it was trained on, a data
// set's with a model's. A label is a place in a list of names, and two lists may hold the same names in other
// places, so names decide wherever both sides have them. Where one side has only numbers, places are all there is:
// that is said, with the order used.

import type { Dataset } from './dataset.ts'
import { className } from './names.ts'

/** A data set whose labels are places in the asked-for list. */
export interface MatchedClasses {
  readonly dataset: Dataset
  /** What a person is to know about it: that only places were compared, that classes have no pictures. */
  readonly warnings: readonly string[]
}

/** Options of `matchClasses`. */
export interface MatchClassesOptions {
  /** Whose classes they are, for messages: a model's file, "the training part". */
  owner: string
}

/** The data set has classes that the other side does not know. */
export class ClassesError extends Error {
  override readonly name = 'ClassesError'
}

const number = /^\d+$/

/**
 * The data set with its labels as places in `classes`. Classes without pictures may be unknown there.
 *
 * - The same names, whatever their order and number: by name. Composed and decomposed letters are the same, and so
 *   are 7 and 007 where both sides have numbers alone.
 * - Names on one side and numbers on the other: number n is place n.
 * - Numbers on the other side that the names are not among, as many of them: by place, in the data set's order.
 *
 * @throws ClassesError, one line, where a class with pictures is not among them, or its name stands for two
 */
export function matchClasses(
  dataset: Dataset,
  classes: readonly string[],
  { owner }: MatchClassesOptions,
): MatchedClasses {
  const isSame =
    dataset.classes.length === classes.length &&
    dataset.classes.every((name, at) => className(name) === className(classes[at]!))
  if (isSame) return { dataset, warnings: [] }
  const used = new Set<number>()
  for (let index = 0; index < dataset.length; index++) used.add(dataset.label(index))
  const ours = dataset.classes.map(className)
  const theirs = classes.map(className)
  const isNumbered = theirs.every((name, at) => name === String(at))
  const numbers = ours.every((name) => number.test(name))
  const plain = numbers && theirs.every((name) => number.test(name)) ? plainNumber : same
  const byName = placesByName(ours.map(plain), theirs.map(plain))
  const unknown = [...used].filter((label) => byName[label] === undefined).sort((a, b) => a - b)
  if (unknown.length === 0) {
    const twice = [...used].find((label) => byName[label] === 'twice')
    if (twice !== undefined) {
      throw new ClassesError(
        `${dataset.name}: ${owner} has two classes "${dataset.classes[twice]}", so its name does not tell which is meant; call them differently`,
      )
    }
    const warnings: string[] = []
    // Numbers may be names, or places that somebody counted in another order.
    if (isNumbered && numbers && ours.some((name, at) => name !== String(at) && used.has(at))) {
      warnings.push(
        `${dataset.name}: classes are matched by number (its ${listed(ours, used)} are those numbers of ${owner}); weights without names that were trained on folders in the order of text would need that order`,
      )
    }
    return { dataset: renumbered(dataset, classes, byName as number[]), warnings }
  }
  const byPlace = placesByNumber(ours, theirs, { isNumbered, used })
  if (byPlace) {
    const pairs = byPlace.map((place, label) => `${dataset.classes[label]} as ${classes[place]}`)
    return {
      dataset: renumbered(dataset, classes, byPlace),
      warnings: [
        `${dataset.name}: classes are matched by their places, for ${owner} and the pictures do not name them alike: ${some(pairs, 5)}`,
      ],
    }
  }
  const names = unknown.map((label) => dataset.classes[label]!)
  throw new ClassesError(
    `${dataset.name}: ${owner} does not know the ${names.length === 1 ? 'class' : 'classes'} ${some(names, 5)}; it knows ${some(classes, 10)}`,
  )
}

const same = (name: string) => name
/** 007 and 7 are one number. */
const plainNumber = (name: string) => name.replace(/^0+(?=\d)/, '')

/** Where each name stands among others: its place, 'twice', or undefined. */
function placesByName(names: readonly string[], among: readonly string[]) {
  const places = new Map<string, number | 'twice'>()
  among.forEach((name, at) => {
    places.set(name, places.has(name) ? 'twice' : at)
  })
  return names.map((name) => places.get(name))
}

/** Places by number, where one side has nothing but numbers and the other has as many places. */
function placesByNumber(
  ours: readonly string[],
  theirs: readonly string[],
  { isNumbered, used }: { isNumbered: boolean; used: ReadonlySet<number> },
): number[] | undefined {
  // Numbered weights know no names: as many classes in their order.
  if (isNumbered && ours.length === theirs.length) return ours.map((_, at) => at)
  // A numbered data set counts the places of the names.
  const isCount = ours.every((name, at) => name === String(at))
  const fits = [...used].every((label) => label < theirs.length)
  if (isCount && fits && !theirs.some((name) => number.test(name))) {
    return ours.map((_, at) => Math.min(at, theirs.length - 1))
  }
  return undefined
}

function renumbered(
  dataset: Dataset,
  classes: readonly string[],
  places: readonly number[],
): Dataset {
  return {
    ...dataset,
    classes,
    label: (index) => places[dataset.label(index)]!,
  }
}

function some(names: readonly string[], most: number): string {
  return `${names.slice(0, most).join(', ')}${names.length > most ? ', …' : ''}`
}

function listed(names: readonly string[], used: ReadonlySet<number>): string {
  const sorted = [...used].sort((a, b) => a - b)
  return some(
    sorted.map((label) => names[label]!),
    4,
  )
}
