// The models that the page's owner offers for download: models.json beside the page, a list of records of weights.
import type { OfferedModel } from './engine/protocol.ts'
import { Store } from './store.ts'

export const offered = new Store<readonly OfferedModel[]>([])

/** Fetches the list. What is wrong with it is for its owner: it goes to the console, and the page does without. */
export async function findOffered(): Promise<void> {
  try {
    const response = await fetch('./models.json')
    if (response.ok) offered.set(offeredModels(await response.json(), location.href))
  } catch (error) {
    console.error(error)
  }
}

const kinds: Record<keyof OfferedModel, string> = {
  name: 'text',
  description: 'text',
  urls: 'a list of addresses',
  bytes: 'a whole number',
  sha256: '64 hexadecimal digits',
  architecture: 'the name of a variant',
  labels: 'a list of class names',
  preprocessing: '{ resize, crop, mean, std, interpolation }',
}

const isText = (value: unknown) => typeof value === 'string' && value !== ''
const isList = (value: unknown) => Array.isArray(value) && value.length > 0 && value.every(isText)

const checks: Record<keyof OfferedModel, (value: unknown) => boolean> = {
  name: isText,
  description: isText,
  urls: isList,
  bytes: (value) => Number.isSafeInteger(value),
  sha256: (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
  architecture: isText,
  labels: isList,
  preprocessing: (value) => typeof value === 'object' && value !== null,
}

/**
 * The records of a list, their addresses those that it gives beside `page`.
 *
 * @throws Error that names the record, the field, and what it should be
 */
export function offeredModels(list: unknown, page: string): OfferedModel[] {
  if (!Array.isArray(list)) throw new Error('models.json: expected a list of records')
  return list.map((record: Partial<OfferedModel> | null, index) => {
    for (const key of Object.keys(checks) as (keyof OfferedModel)[]) {
      if (checks[key](record?.[key])) continue
      throw new Error(`models.json: '${key}' of record ${index} is not ${kinds[key]}`)
    }
    const { urls, ...others } = record as OfferedModel
    return { ...others, urls: urls.map((url) => new URL(url, page).href) }
  })
}
