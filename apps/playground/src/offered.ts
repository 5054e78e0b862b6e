// The models that the page's owner offers for download: models.json beside the page, a list of records of weights.
import type { OfferedFile, OfferedModel, OfferedPieces } from './engine/protocol.ts'
import { Store } from './store.ts'

export const offered = new Store<readonly OfferedModel[]>([])

/**
 * Fetches the list, and puts what the address names (`?weights=URL`) before it. What is wrong with the list is for its owner:
 * it goes to the console, and the page does without.
 */
export async function findOffered(): Promise<void> {
  const named = namedWeights(location.search, location.href)
  if (named) offered.set([named])
  try {
    const response = await fetch('./models.json')
    if (!response.ok) return
    const listed = offeredModels(await response.json(), location.href)
    offered.set(named ? [named, ...listed.filter(({ name }) => name !== named.name)] : listed)
  } catch (error) {
    console.error(error)
  }
}

/** What `alexnet convert --to shards` calls its list. */
const LIST = 'model.safetensors.json'

/** The weights of a mirror that an address names, by their list or its folder; they take ImageNet's place. */
export function namedWeights(search: string, page: string): OfferedPieces | undefined {
  const given = new URLSearchParams(search).get('weights')
  if (!given) return undefined
  const address = given.endsWith('/') ? given + LIST : given
  // One that is none is told of when it is fetched.
  const url = URL.canParse(address, page) ? new URL(address, page) : undefined
  const folder = url?.pathname.split('/').at(-2)
  const description = [url?.host ?? given, folder].filter((part) => part).join('/')
  return { name: 'imagenet', description, pieces: url?.href ?? address }
}

const kinds: Record<keyof OfferedFile | 'pieces', string> = {
  name: 'text',
  description: 'text',
  urls: 'a list of addresses',
  bytes: 'a whole number',
  sha256: '64 hexadecimal digits',
  architecture: 'the name of a variant',
  labels: 'a list of class names',
  pieces: 'the address of a list',
  preprocessing: '{ resize, crop, mean, std, interpolation }',
}

const isText = (value: unknown) => typeof value === 'string' && value !== ''
const isList = (value: unknown) => Array.isArray(value) && value.length > 0 && value.every(isText)

const checks: Record<keyof typeof kinds, (value: unknown) => boolean> = {
  name: isText,
  description: isText,
  urls: isList,
  bytes: (value) => Number.isSafeInteger(value),
  sha256: (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
  architecture: isText,
  labels: isList,
  pieces: isText,
  preprocessing: (value) => typeof value === 'object' && value !== null,
}

const ofPieces = ['name', 'description', 'bytes', 'pieces'] as const
const ofFiles = (Object.keys(checks) as (keyof typeof checks)[]).filter((key) => key !== 'pieces')

/**
 * The records of a list, their addresses those that it gives beside `page`.
 *
 * @throws Error that names the record, the field, and what it should be
 */
export function offeredModels(list: unknown, page: string): OfferedModel[] {
  if (!Array.isArray(list)) throw new Error('models.json: expected a list of records')
  return list.map((record: Partial<OfferedFile & OfferedPieces> | null, index) => {
    const inPieces = record?.pieces !== undefined
    for (const key of inPieces ? ofPieces : ofFiles) {
      if (checks[key](record?.[key])) continue
      throw new Error(`models.json: '${key}' of record ${index} is not ${kinds[key]}`)
    }
    if (inPieces) {
      const { name, description, bytes, pieces } = record as OfferedPieces
      return { name, description, bytes, pieces: new URL(pieces, page).href }
    }
    const { urls, ...others } = record as OfferedFile
    return { ...others, urls: urls.map((url) => new URL(url, page).href) }
  })
}
