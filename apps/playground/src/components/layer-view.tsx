// One layer: its numbers, its maps for the picture, its filters, and a unit of it looked at closely.
import { useEffect, useState } from 'preact/hooks'
import type {
  LayerInfo,
  MapSheet,
  PageImage,
  Part,
  TileSheet,
  UnitView,
} from '../engine/protocol.ts'
import { engine, messageOf } from '../session.ts'
import { number, t } from '../text/text.ts'
import { Message } from './message.tsx'
import { kindOf } from './network.tsx'
import { type Mark, PixelView } from './pixels.tsx'
import { Sum } from './unit-sum.tsx'

export interface Place {
  row: number
  column: number
  channel: number
}

export function LayerView(props: {
  image: PageImage
  layer: LayerInfo
  parts: Part[]
  onParts: (parts: Part[]) => void
  /** The unit that is kept. */
  pinned: Place | undefined
  onPin: (place: Place | undefined) => void
  version: number
}) {
  const { image, layer, parts, onParts, pinned, onPin, version } = props
  const [maps, setMaps] = useState<MapSheet>()
  const [filters, setFilters] = useState<TileSheet>()
  // The one under the pointer is looked at in passing; a press, a key or a field's number keeps it.
  const [hovered, setHovered] = useState<Place>()
  const place = pinned ?? hovered
  const [unit, setUnit] = useState<UnitView & { place: Place }>()
  const [problem, setProblem] = useState('')
  const key = `${image.id} ${layer.name} ${version} ${JSON.stringify(parts)}`
  const fail = (error: unknown) => setProblem(messageOf(error))

  useEffect(() => {
    let stale = false
    setProblem('')
    engine()
      .maps(image, layer.name, parts)
      .then((found) => !stale && setMaps(found), fail)
    if (layer.hasFilters) {
      engine()
        .filters(layer.name)
        .then((found) => !stale && setFilters(found), fail)
    }
    return () => {
      stale = true
    }
  }, [key])
  useEffect(() => {
    if (!place) return
    let stale = false
    // The pointer passes many units on its way; only where it rests is asked about.
    const timer = setTimeout(() => {
      engine()
        .unit(image, layer.name, place, parts)
        .then((found) => !stale && setUnit({ ...found, place }), fail)
    }, 60)
    return () => {
      stale = true
      clearTimeout(timer)
    }
  }, [key, place?.row, place?.column, place?.channel])

  const { shape } = layer
  const off = parts.find((part) => part.layer === layer.name)
  const others = parts.filter((part) => part.layer !== layer.name)
  const isLine = shape.length === 1
  const switchTo = place && off?.channels?.includes(place.channel) ? 'On' : 'Off'
  const point = (x: number, y: number, pressed: boolean) => {
    if (!maps) return
    const found = placeAt(maps, x, y)
    setHovered(found)
    if (pressed) onPin(found)
  }
  const press = (event: KeyboardEvent) => {
    const step = steps[event.key]
    if (event.key === 'Escape') {
      onPin(undefined)
      setHovered(undefined)
    } else if (step) {
      event.preventDefault()
      onPin(moved(layer, place, step))
    }
  }
  return (
    <section aria-label={t('look.layer', { name: layer.name })}>
      <h2>
        {layer.name}: {kindOf(layer)}
      </h2>
      <dl class="facts">
        <Fact name={t('look.output')}>{shape.join('×')}</Fact>
        <Fact name={t('look.parameters')}>{number(layer.parameters)}</Fact>
        <Fact name={t('look.multiplyAdds')}>{number(layer.multiplyAdds)}</Fact>
        <Fact name={t('look.receptiveField')}>
          {t('look.pixels', { count: layer.receptiveField })}
        </Fact>
      </dl>
      <div class="row">
        {layer.switchable && (
          <label>
            <input
              type="checkbox"
              role="switch"
              checked={off !== undefined && off.channels === undefined}
              aria-checked={off !== undefined && off.channels === undefined}
              onChange={(event) => {
                const { checked } = event.currentTarget
                onParts(checked ? [...others, { layer: layer.name }] : others)
              }}
            />
            {t('look.switchLayer')}
          </label>
        )}
        {/* Always there, so that nothing moves under the pointer. */}
        <button
          type="button"
          class="outline"
          disabled={!place}
          onClick={() => {
            if (!place) return
            const before = off?.channels ?? []
            const isIn = before.includes(place.channel)
            const channels = isIn
              ? before.filter((channel) => channel !== place.channel)
              : [...before, place.channel]
            onParts(channels.length > 0 ? [...others, { layer: layer.name, channels }] : others)
          }}
        >
          {t(isLine ? `look.switchUnit${switchTo}` : `look.switchChannel${switchTo}`, {
            channel: place?.channel ?? '…',
          })}
        </button>
      </div>
      {problem && <Message kind="problem">{problem}</Message>}
      <div class="columns">
        <figure>
          <figcaption>
            {t(isLine ? 'look.units' : 'look.maps', {
              partly: maps ? partly(maps.shown, shape.at(-1)!) : '',
            })}
          </figcaption>
          {maps && (
            <PixelView
              pixels={maps.pixels}
              alt={t('look.mapsAlt', { name: layer.name, shown: maps.shown })}
              class="sheet"
              marks={place ? marksOf(maps, place) : []}
              onPoint={point}
              onLeave={() => setHovered(undefined)}
              onKey={press}
            />
          )}
          {maps && <PlaceFields layer={layer} place={place} onPlace={onPin} />}
        </figure>
        {!(unit && place) && (
          <figure class="unit">
            <figcaption>{t('look.unitHere')}</figcaption>
          </figure>
        )}
        {unit && place && (
          <figure class="unit">
            <figcaption>
              {t(isLine ? 'look.unit' : 'look.unitAt', {
                ...unit.place,
                value: number(unit.value, { maximumSignificantDigits: 3 }),
                height: unit.field.height,
                width: unit.field.width,
              })}
            </figcaption>
            <div class="row top-aligned">
              <PixelView pixels={unit.framed} alt={t('look.framed')} class="seen" />
              <div class="parts">
                <small>
                  <PixelView pixels={unit.patch} alt={t('look.patch')} class="patch" />
                  {t('look.patchShort')}
                </small>
                {unit.filter && (
                  <small>
                    <PixelView
                      pixels={unit.filter}
                      alt={t('look.weights', { channel: unit.place.channel })}
                      class="patch"
                    />
                    {t('look.weightsShort')}
                  </small>
                )}
              </div>
            </div>
          </figure>
        )}
        {filters && layer.hasFilters && (
          <figure>
            <figcaption>
              {t('look.filters', { partly: partly(filters.shown, shape.at(-1)!) })}
            </figcaption>
            <PixelView
              pixels={filters.pixels}
              alt={t('look.filtersAlt', { name: layer.name })}
              class="sheet"
              marks={place && place.channel < filters.shown ? [tileOf(filters, place.channel)] : []}
            />
          </figure>
        )}
      </div>
      {layer.hasFilters && pinned && (
        <Sum image={image} layer={layer} parts={parts} place={pinned} version={version} />
      )}
    </section>
  )
}

/** The same by keyboard. */
function PlaceFields(props: {
  layer: LayerInfo
  place: Place | undefined
  onPlace: (place: Place) => void
}) {
  const { layer, place, onPlace } = props
  const [height, width, channels] = layer.shape.length === 3 ? layer.shape : [1, 1, layer.shape[0]!]
  const current = place ?? { row: 0, column: 0, channel: 0 }
  const field = (key: keyof Place, count: number) => (
    <label key={key}>
      {t(`look.${key}`)}
      <input
        type="number"
        min={0}
        max={count - 1}
        value={place ? current[key] : ''}
        onInput={(event) => {
          const value = event.currentTarget.valueAsNumber
          if (Number.isInteger(value) && value >= 0 && value < count) {
            onPlace({ ...current, [key]: value })
          }
        }}
      />
    </label>
  )
  return (
    <div class="row numbers">
      {field('channel', channels!)}
      {layer.shape.length === 3 && field('row', height!)}
      {layer.shape.length === 3 && field('column', width!)}
    </div>
  )
}

/** What the keys of the arrows do to row and column. */
const steps: Readonly<Record<string, readonly [down: number, right: number]>> = {
  Enter: [0, 0],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
}

/** The place beside one; in a line of units the next one. */
function moved(
  { shape }: LayerInfo,
  { row, column, channel }: Place = { row: 0, column: 0, channel: 0 },
  [down, right]: readonly [number, number],
): Place {
  const within = (value: number, count: number) => Math.max(0, Math.min(count - 1, value))
  if (shape.length === 1) {
    return { row, column, channel: within(channel + down + right, shape[0]!) }
  }
  return { channel, row: within(row + down, shape[0]!), column: within(column + right, shape[1]!) }
}

/** Said where a sheet has not all. */
const partly = (shown: number, count: number) =>
  shown < count ? t('look.partly', { shown, all: count }) : ''

/** The tile of a channel, in the sheet's pixels. */
function tileOf({ columns, tileWidth, tileHeight }: TileSheet, channel: number): Mark {
  return {
    left: 1 + (channel % columns) * (tileWidth + 1),
    top: 1 + Math.floor(channel / columns) * (tileHeight + 1),
    width: tileWidth,
    height: tileHeight,
  }
}

/** A channel's map, and the unit in it. */
function marksOf(maps: MapSheet, { row, column, channel }: Place): Mark[] {
  if (channel >= maps.shown) return []
  if (maps.isLine) {
    const top = Math.floor(channel / maps.columns)
    return [{ left: channel % maps.columns, top, width: 1, height: 1 }]
  }
  const tile = tileOf(maps, channel)
  return [tile, { left: tile.left + column, top: tile.top + row, width: 1, height: 1 }]
}

function placeAt(maps: MapSheet, x: number, y: number): Place {
  if (maps.isLine) {
    const channel = Math.min(y * maps.columns + x, maps.shown - 1)
    return { row: 0, column: 0, channel }
  }
  const [across, column] = split(x, maps.tileWidth)
  const [down, row] = split(y, maps.tileHeight)
  const channel = Math.min(down * maps.columns + Math.min(across, maps.columns - 1), maps.shown - 1)
  return { row, column, channel }
}

/** The tile at a pixel of the sheet, and the place in it; a gap counts to the tile before. */
function split(at: number, length: number): [tile: number, place: number] {
  const tile = Math.floor(Math.max(0, at - 1) / (length + 1))
  return [tile, Math.min(length - 1, Math.max(0, at - 1 - tile * (length + 1)))]
}

function Fact(props: { name: string; children: string }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  )
}
