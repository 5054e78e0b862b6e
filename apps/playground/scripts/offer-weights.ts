// Offers weights on this machine to the page, from its own origin: a folder that `alexnet convert --to shards` wrote, or files
// of weights, cut into the same pieces here. The page finds them in models.json.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fromMetadata, openWeights } from '@alexnet/model'
import { encodeShards } from '@alexnet/weights'
import type { Plugin } from 'vite'
import type { OfferedPieces } from '../src/engine/protocol.ts'

/** What of a folder is taken for weights: lists of pieces, and files in one piece. */
const LIST = /\.json$/i
const FILE = /\.(safetensors|pth|pt|onnx|npz|caffemodel)$/i

/** What is served at an address below `weights/`. */
type Served = Map<string, () => Uint8Array>

/**
 * The weights in a folder, or in one file, as records of models.json and as a plugin that serves both.
 *
 * @throws Error that says what is wrong with the folder or a file
 */
export async function offerWeights(
  path: string,
): Promise<{ offered: OfferedPieces[]; plugin: Plugin }> {
  const served: Served = new Map()
  const offered: OfferedPieces[] = []
  for (const file of weightFiles(path)) offered.push(await offer(file, offered, served))
  const plugin: Plugin = {
    name: 'offer-weights',
    configurePreviewServer({ middlewares }) {
      middlewares.use((request, response, next) => {
        const name = pathOf(request.url!)
        const content = served.get(name)
        if (!content) return next()
        const bytes = content()
        response.setHeader(
          'content-type',
          LIST.test(name) ? 'application/json' : 'application/octet-stream',
        )
        response.setHeader('content-length', bytes.length)
        response.setHeader('cache-control', 'no-cache')
        response.end(bytes)
      })
    },
  }
  served.set('models.json', () => asJson([...offered, ...builtList()]))
  return { offered, plugin }
}

/** Files that hold weights, or list pieces of them. @throws Error when there are none */
function weightFiles(path: string): string[] {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats) throw new Error(`${path}: no such file or folder`)
  const files = stats.isDirectory()
    ? readdirSync(path)
        .sort()
        .map((name) => join(path, name))
    : [path]
  const found = files.filter((file) => (LIST.test(file) ? isList(file) : FILE.test(file)))
  if (found.length > 0) return found
  throw new Error(
    `${path} holds no weights: make them with alexnet convert imagenet ${path} --to shards --quantize int8`,
  )
}

function isList(file: string): boolean {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).format === 'alexnet-shards'
  } catch {
    return false
  }
}

/** Opens a file, so that what is wrong with it is told now, and puts it among what is served. */
async function offer(
  file: string,
  before: readonly OfferedPieces[],
  served: Served,
): Promise<OfferedPieces> {
  const { checkpoint, published, bytes } = await openWeights(file)
  await checkpoint.close()
  const about = fromMetadata(checkpoint.metadata, file)
  const classes = about?.labels.length ?? published?.classes
  const stem = basename(file).replace(/(\.safetensors)?\.\w+$/, '')
  const isTaken = (name: string) => before.some((one) => one.name === name)
  // The page has a button for the network of a thousand classes.
  const name = classes === 1000 && !isTaken('imagenet') ? 'imagenet' : stem
  if (isTaken(name)) throw new Error(`${file}: another file is called ${name}, too; rename one`)
  const description =
    published?.description ??
    (about ? `AlexNet (${about.options.variant}), ${classes} classes` : basename(file))
  const place = (path: string) => `weights/${name}/${path}`
  const files = LIST.test(file) ? filesOfList(file) : await cut(file)
  for (const [path, content] of files) served.set(place(path), content)
  const [list] = [...files.keys()]
  const pieces = place(list!).split('/').map(encodeURIComponent).join('/')
  return { name, description, bytes, pieces }
}

/** A list and the files beside it that it names. */
function filesOfList(file: string): Served {
  const { shards } = JSON.parse(readFileSync(file, 'utf8')) as { shards: { path: string }[] }
  const names = [basename(file), ...shards.map(({ path }) => basename(path))]
  return new Map(names.map((name) => [name, () => readFileSync(join(dirname(file), name))]))
}

/** A file as a list and pieces of it. */
async function cut(file: string): Promise<Served> {
  const files = await encodeShards(basename(file), [readFileSync(file)])
  return new Map(files.map(({ path, chunks }) => [path, () => Buffer.concat(chunks)]))
}

/** What models.json lists as it was built. */
function builtList(): unknown[] {
  return JSON.parse(readFileSync(join(import.meta.dirname, '../dist/models.json'), 'utf8'))
}

/** A path of the site; '' where it is none. */
function pathOf(address: string): string {
  try {
    return decodeURIComponent(new URL(address, 'http://page').pathname.slice(1))
  } catch {
    return ''
  }
}

const asJson = (value: unknown) => new TextEncoder().encode(`${JSON.stringify(value)}\n`)
