// One layer: its numbers, its maps for the picture, its filters, and a unit of it looked at closely.
import { useEffect, useState } from 'preact/hooks'
import type { LayerInfo, MapSheet, PageImage, Part, Pixels, UnitView } from '../engine/protocol.ts'
import { engine, messageOf } from '../session.ts'
import { Message } from './message.tsx'
import { kindOf } from './network.tsx'
import { PixelView } from './pixels.tsx'

interface Place {
  row: number
  column: number
  channel: number
}

export function LayerView(props: {
  image: PageImage
  layer: LayerInfo
  parts: Part[]
  onParts: (parts: Part[]) => void
  version: number
}) {
  const { image, layer, parts, onParts, version } = props
  const [maps, setMaps] = useState<MapSheet>()
  const [filters, setFilters] = useState<Pixels>()
  const [place, setPlace] = useState<Place>()
  const [unit, setUnit] = useState<UnitView>()
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
        .then((found) => !stale && setUnit(found), fail)
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
  const point = (x: number, y: number) => maps && setPlace(placeAt(maps, x, y, isLine))
  return (
    <section aria-label={`Layer ${layer.name}`}>
      <h2>
        {layer.name}: {kindOf(layer)}
      </h2>
      <dl class="facts">
        <Fact name="output">{shape.join('×')}</Fact>
        <Fact name="parameters">{layer.parameters.toLocaleString('en')}</Fact>
        <Fact name="multiply-adds">{layer.multiplyAdds.toLocaleString('en')}</Fact>
        <Fact name="receptive field">{`${layer.receptiveField} pixels`}</Fact>
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
            Switch this layer off
          </label>
        )}
        {place && (
          <button
            type="button"
            class="outline"
            onClick={() => {
              const before = off?.channels ?? []
              const isIn = before.includes(place.channel)
              const channels = isIn
                ? before.filter((channel) => channel !== place.channel)
                : [...before, place.channel]
              onParts(channels.length > 0 ? [...others, { layer: layer.name, channels }] : others)
            }}
          >
            {off?.channels?.includes(place.channel) ? 'Switch on' : 'Switch off'}{' '}
            {isLine ? 'unit' : 'channel'} {place.channel}
          </button>
        )}
      </div>
      {problem && <Message kind="problem">{problem}</Message>}
      <div class="columns">
        <figure>
          <figcaption>
            {isLine ? 'Its units' : 'Its maps'} for this picture. Point at one, or use the fields.
          </figcaption>
          {maps && (
            <PixelView
              pixels={maps.pixels}
              alt={`Maps of ${layer.name}: ${maps.channels} channels`}
              class="sheet"
              onPoint={point}
            />
          )}
          {maps && <PlaceFields layer={layer} place={place} onPlace={setPlace} />}
        </figure>
        {unit && place && (
          <figure class="unit" aria-live="polite">
            <figcaption>
              Channel {place.channel}
              {!isLine && ` at row ${place.row}, column ${place.column}`}:{' '}
              <strong>{unit.value.toPrecision(3)}</strong>. It sees {unit.field.height}×
              {unit.field.width} pixels.
            </figcaption>
            <div class="row top-aligned">
              <PixelView
                pixels={unit.framed}
                alt="The picture, what the unit sees framed"
                class="seen"
              />
              <div class="parts">
                <small>
                  <PixelView pixels={unit.patch} alt="What the unit sees" class="patch" />
                  What it sees
                </small>
                {unit.filter && (
                  <small>
                    <PixelView
                      pixels={unit.filter}
                      alt={`Weights of channel ${place.channel}`}
                      class="patch"
                    />
                    Its weights
                  </small>
                )}
              </div>
            </div>
          </figure>
        )}
        {filters && layer.hasFilters && (
          <figure>
            <figcaption>
              Its filters (red above zero, blue below, where they see no colours)
            </figcaption>
            <PixelView pixels={filters} alt={`Filters of ${layer.name}`} class="sheet" />
          </figure>
        )}
      </div>
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
      {key}
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

function placeAt(maps: MapSheet, x: number, y: number, isLine: boolean): Place {
  if (isLine) {
    const channel = Math.min(y * maps.columns + x, maps.channels - 1)
    return { row: 0, column: 0, channel }
  }
  const [across, column] = split(x, maps.tileWidth)
  const [down, row] = split(y, maps.tileHeight)
  const channel = Math.min(
    down * maps.columns + Math.min(across, maps.columns - 1),
    maps.channels - 1,
  )
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
