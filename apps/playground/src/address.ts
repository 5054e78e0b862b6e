// The address of what is shown, after its #: a page, a step of it, and what is chosen there, such as
// `#/look?model=shapes&picture=ring&layer=features.0&unit=3,12,20&off=features.0:1,4;features.1&map=occlusion:2`.
// What is chosen replaces the address in its place, so that Back goes to the page before and finds all as it was.
// Language and `embed` stand before the #, where every link of the page keeps them.
import type { Part } from './engine/protocol.ts'
import { Store } from './store.ts'

export interface Address {
  page: string
  step: string
  fields: Fields
}

/** What can be chosen; the model and the picture are those of the session, where they have a public address. */
export type Field =
  | ('model' | 'picture' | 'layer' | 'unit' | 'off' | 'map' | 'variant')
  // Hands on the picture: the tool, what is painted, the nudge and the class that it leads away from.
  | ('hand' | 'strokes' | 'drawing' | 'epsilon' | 'away')
  // The map of pictures: how they are placed.
  | 'by'
  // Classify: by how many views. Compare: the second picture.
  | ('views' | 'second')
  // Train: what differs from the settings that a first visit finds.
  | ('source' | 'pictures' | 'start' | 'epochs' | 'batch' | 'rate' | 'augment')
export type Fields = { readonly [Name in Field]?: string | undefined }

export function parseAddress(hash: string): Address {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?')
  const [page = '', step = ''] = path.split('/')
  return { page, step, fields: Object.fromEntries(new URLSearchParams(query)) }
}

/** The part after the # with it; what is empty is left out. */
export function formatAddress({ page, step, fields }: Address): string {
  // Commas and the like are allowed there, and easier to read as they are.
  const encoded = (text: string) =>
    encodeURIComponent(text).replaceAll(/%(2C|3A|3B)/g, (code) => decodeURIComponent(code))
  const query = Object.entries(fields)
    .filter(([, value]) => value)
    .map(([key, value]) => `${key}=${encoded(value)}`)
  return `#/${page}${step && `/${step}`}${query.length > 0 ? `?${query.join('&')}` : ''}`
}

const hash = () => globalThis.location?.hash ?? ''

export const address = new Store<Address>(parseAddress(hash()))
/** The address that was opened last, by a link, Back or typing; what is chosen from then on is in `address` alone. */
export const opened = new Store<Address>(address.value)
/** What an address that was opened asks of the session and has not got yet. */
export const asked = new Store<Fields>(address.value.fields)
/** Whether the page is a part of another one: it shows the step and nothing around it. */
export const isEmbedded = new URLSearchParams(globalThis.location?.search).has('embed')

/** What an address shows, without the page's frame, as HTML for another page. */
export function frameOf(href: string, title: string): string {
  const url = new URL(href)
  url.searchParams.set('embed', '')
  const source = url.href.replace('embed=', 'embed').replaceAll('&', '&amp;')
  return `<iframe src="${source}" width="100%" height="720" title="${title}" allow="camera; cross-origin-isolated"></iframe>`
}

/** Follows links, Back and what is typed. */
export function followAddress(): void {
  addEventListener('hashchange', () => {
    const found = parseAddress(hash())
    asked.set(found.fields)
    address.set(found)
    opened.set(found)
  })
}

/** Changes what is chosen on the page there is; nothing where the visitor has gone elsewhere, which an event is yet to tell. */
export function choose(fields: Fields): void {
  if (formatAddress(parseAddress(hash())) !== formatAddress(address.value)) return
  const next = { ...address.value, fields: { ...address.value.fields, ...fields } }
  if (formatAddress(next) === formatAddress(address.value)) return
  history.replaceState(history.state, '', formatAddress(next))
  address.set(next)
}

/** Writes a field before the # anew, such as the language. */
export function putBefore(key: string, value: string): void {
  const url = new URL(location.href)
  url.searchParams.set(key, value)
  history.replaceState(history.state, '', url)
}

/** Parts of the network as an address has them: `layer` whole, or some channels of it, `layer:1,4`. */
export const formatParts = (parts: readonly Part[]): string =>
  parts.map(({ layer, channels }) => (channels ? `${layer}:${channels}` : layer)).join(';')

export function parseParts(text = ''): Part[] {
  return text
    .split(';')
    .filter((one) => one)
    .map((one) => {
      const [layer = '', channels] = one.split(':')
      return channels === undefined ? { layer } : { layer, channels: wholeNumbers(channels) }
    })
}

/** The whole numbers of a list such as `3,12,20`; what is none is left out. */
export const wholeNumbers = (text = ''): number[] =>
  text
    .split(',')
    .filter((one) => /^\d+$/.test(one))
    .map(Number)
