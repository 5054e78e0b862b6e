// The page's side of the map of pictures: features from the engine, picture by picture, places from the worker of the map.
// Features are kept by layer, so that a layer comes back at once, and are let go of with their pictures.
import { useEffect, useRef, useState } from 'preact/hooks'
import { startMapper } from './client.ts'
import type { MapOfPictures } from './engine/map-worker.ts'
import type { Projection } from './engine/projections.ts'
import type { LayerInfo, PageImage } from './engine/protocol.ts'
import { useFollowing } from './following.ts'
import { engine, messageOf } from './session.ts'
import { t } from './text/text.ts'

/** A layer to place pictures by. */
export interface MapLayer {
  /** Of the layer itself, or of the activation behind it. */
  name: string
  /** conv1 to fc7. */
  short: string
}

export interface PictureMap {
  layers: readonly MapLayer[]
  layer: MapLayer | undefined
  /** The pictures on the map, in the order of its points. */
  shown: readonly PageImage[]
  points: MapOfPictures | undefined
  /** While features are computed. */
  reading: { done: number; total: number } | undefined
  isPlacing: boolean
  /** Pictures that cannot be read. */
  unread: number
  problem: string
}

/** Layers that learn, but for the last, which has the classes; where an activation follows, its output counts. */
export function mapLayersOf(layers: readonly LayerInfo[]): MapLayer[] {
  const learned = layers.filter(({ kind }) => kind === 'convolution' || kind === 'linear')
  return learned.slice(0, -1).map(({ name, kind }, index) => {
    const next = layers[layers.findIndex((layer) => layer.name === name) + 1]
    const isActivated = next && ['relu', 'tanh', 'sigmoid'].includes(next.kind)
    const short = `${kind === 'convolution' ? 'conv' : 'fc'}${index + 1}`
    return { name: isActivated ? next.name : name, short }
  })
}

/**
 * @param version undefined while there is no model
 * @param asked name of a layer; the last one where there is none of that name
 */
export function useMap(
  images: readonly (PageImage & { label: string })[],
  version: number | undefined,
  asked: string | undefined,
  by: Projection,
): PictureMap {
  const [layers, setLayers] = useState<readonly MapLayer[]>([])
  const [done, setDone] = useState(0)
  const [problem, setProblem] = useState('')
  /** By layer, then by picture: null where it cannot be read. */
  const known = useRef(new Map<string, Map<string, Float32Array | null>>())
  const layer = layers.find(({ name }) => name === asked) ?? layers.at(-1)
  const ids = images.map(({ id }) => id).join()

  useEffect(() => {
    known.current.clear()
    setLayers([])
    if (version === undefined) return
    let stale = false
    engine()
      .layers()
      .then(
        (found) => !stale && setLayers(mapLayersOf(found)),
        (error) => !stale && setProblem(messageOf(error)),
      )
    return () => {
      stale = true
    }
  }, [version])
  const features = layer && known.current.get(layer.name)
  useEffect(() => {
    if (!layer) return
    const present = new Set(images.map(({ id }) => id))
    for (const one of known.current.values()) {
      for (const id of one.keys()) if (!present.has(id)) one.delete(id)
    }
    const own = known.current.get(layer.name) ?? new Map<string, Float32Array | null>()
    known.current.set(layer.name, own)
    let stale = false
    const read = async () => {
      let since = performance.now()
      for (const image of images) {
        if (stale) return
        if (own.has(image.id)) continue
        const found = await engine().features(image, layer.name)
        if (stale) return
        own.set(image.id, found ?? null)
        if (performance.now() - since < 200) continue
        since = performance.now()
        setDone(own.size)
      }
      setDone(own.size)
    }
    setProblem('')
    setDone(own.size)
    read().catch((error) => !stale && setProblem(messageOf(error)))
    return () => {
      stale = true
    }
  }, [layer?.name, ids, version])

  const isComplete = features !== undefined && images.every(({ id }) => features.has(id))
  const shown = isComplete ? images.filter(({ id }) => features.get(id)) : []
  const labels = shown.map(({ label }) => label)
  const key = `${layer?.name} ${version} ${by} ${shown.map(({ id }) => id)} ${labels}`
  const isAsked = isComplete && shown.length > 0
  const placed = useFollowing(isAsked ? { shown, labels } : undefined, key, async (question) => {
    const rows = question.shown.map(({ id }) => features!.get(id)!)
    return { key, shown: question.shown, found: await place(rows, question.labels, by) }
  })
  const isCurrent = isAsked && placed.answer?.key === key
  return {
    layers,
    layer,
    shown: isCurrent ? placed.answer!.shown : [],
    points: isCurrent ? placed.answer!.found : undefined,
    reading:
      layer && !isComplete && images.length > 0
        ? { done: Math.min(done, images.length), total: images.length }
        : undefined,
    isPlacing: isAsked && !isCurrent && !placed.problem,
    unread: isComplete ? images.length - shown.length : 0,
    problem: problem || placed.problem,
  }
}

/** One map, in a worker that ends with it: what it needed for that is free again. */
async function place(
  features: Float32Array[],
  labels: string[],
  by: Projection,
): Promise<MapOfPictures> {
  let crash: (error: Error) => void = () => {}
  const crashed = new Promise<never>((_, reject) => {
    crash = reject
  })
  const mapper = startMapper((reason) => crash(new Error(t('map:stopped', { reason }))))
  try {
    return await Promise.race([mapper.job.place(features, labels, by), crashed])
  } finally {
    mapper.stop()
  }
}
