// One layer: its numbers, its maps for the picture, its filters, and a unit of it looked at closely.
import { useEffect, useState } from 'preact/hooks'
import type {
  LayerInfo,
  MapSheet,
  PageImage,
  Part,
  PoolWindow,
  TileSheet,
  UnitSum,
  UnitView,
} from '../engine/protocol.ts'
import { engine, messageOf, session } from '../session.ts'
import { useStore } from '../store.ts'
import { number, t } from '../text/text.ts'
import { InAndOut } from './in-and-out.tsx'
import { Likes } from './likes.tsx'
import { Message } from './message.tsx'
import { kindOf } from './network.tsx'
import { PixelView } from './pixels.tsx'
import { PlaceFields } from './place-fields.tsx'
import { marksOf, moved, type Place, placeAt, steps, tileOf } from './places.ts'
import { Pooled } from './pooled.tsx'
import { Slide } from './slide.tsx'
import { Softmax } from './softmax-terms.tsx'
import { Sum } from './unit-sum.tsx'

/** A unit, and what its value is made of where it is kept: all of one place, so that all of it changes at once. */
interface CloseUp extends UnitView {
  place: Place
  sum?: UnitSum | undefined
  pooled?: PoolWindow | undefined
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
  const isKept = pinned !== undefined
  const [unit, setUnit] = useState<CloseUp>()
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
    const timer = setTimeout(
      () => {
        const where = [image, layer.name, place, parts] as const
        Promise.all([
          engine().unit(...where),
          isKept && layer.hasFilters ? engine().sum(...where) : undefined,
          isKept && layer.kind.endsWith('-pooling') ? engine().pooled(...where) : undefined,
        ]).then(([found, sum, pooled]) => !stale && setUnit({ ...found, place, sum, pooled }), fail)
      },
      isKept ? 0 : 60,
    )
    return () => {
      stale = true
      clearTimeout(timer)
    }
  }, [key, isKept, place?.row, place?.column, place?.channel])

  const { shape } = layer
  const off = parts.find((part) => part.layer === layer.name)
  const others = parts.filter((part) => part.layer !== layer.name)
  const isLine = shape.length === 1
  const { model } = useStore(session)
  const labels = layer.isOfClasses ? model?.labels : undefined
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
              marks={place ? marksOf(maps, isKept && unit ? unit.place : place) : []}
              onPoint={point}
              onLeave={() => setHovered(undefined)}
              onKey={press}
            />
          )}
          {maps && <PlaceFields layer={layer} place={place} labels={labels} onPlace={onPin} />}
        </figure>
        {!(unit && place) && (
          <figure class="unit">
            <figcaption>{t('look.unitHere')}</figcaption>
          </figure>
        )}
        {unit && place && (
          <figure class="unit">
            <figcaption>
              {t(labels ? 'look.unitClass' : isLine ? 'look.unit' : 'look.unitAt', {
                ...unit.place,
                label: labels?.[unit.place.channel] ?? '',
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
      {unit?.sum && pinned && (
        <Sum sum={unit.sum}>
          <InAndOut unit={unit} seen={unit.sum.seen}>
            <Slide layer={layer} place={pinned} shown={unit.place} onPlace={onPin} />
          </InAndOut>
        </Sum>
      )}
      {unit?.pooled && pinned && (
        <Pooled pooled={unit.pooled} value={unit.value}>
          <InAndOut unit={unit} seen={unit.pooled.seen}>
            <Slide layer={layer} place={pinned} shown={unit.place} onPlace={onPin} />
          </InAndOut>
        </Pooled>
      )}
      {labels && (
        <Softmax
          image={image}
          labels={labels}
          parts={parts}
          chosen={pinned?.channel}
          onChoose={(channel) => onPin({ row: 0, column: 0, channel })}
          version={version}
        />
      )}
      {pinned && (
        <Likes
          image={image}
          layer={layer}
          channel={pinned.channel}
          named={labels?.[pinned.channel]}
          version={version}
        />
      )}
    </section>
  )
}

/** Said where a sheet has not all. */
const partly = (shown: number, count: number) =>
  shown < count ? t('look.partly', { shown, all: count }) : ''

function Fact(props: { name: string; children: string }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  )
}
