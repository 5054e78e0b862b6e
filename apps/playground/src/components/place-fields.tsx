// A unit by numbers, for the keyboard: its channel, row and column; by its name where it is a class.
import type { LayerInfo } from '../engine/protocol.ts'
import { t } from '../text/text.ts'
import { NumberField } from './number-field.tsx'
import type { Place } from './places.ts'

export function PlaceFields(props: {
  layer: LayerInfo
  place: Place | undefined
  /** Names of the units, where they are classes. */
  labels: readonly string[] | undefined
  onPlace: (place: Place) => void
}) {
  const { layer, place, labels, onPlace } = props
  const [height, width, channels] = layer.shape.length === 3 ? layer.shape : [1, 1, layer.shape[0]!]
  const current = place ?? { row: 0, column: 0, channel: 0 }
  const field = (key: keyof Place, count: number) => (
    <NumberField
      key={key}
      label={t(`look.${key}`)}
      value={place?.[key]}
      min={0}
      max={count - 1}
      isLive
      onChange={(value) => onPlace({ ...current, [key]: value })}
    />
  )
  if (labels) {
    return (
      <label class="single">
        {t('heat.class')}
        <select
          value={place?.channel ?? ''}
          onChange={(event) => onPlace({ ...current, channel: Number(event.currentTarget.value) })}
        >
          {!place && <option value="" />}
          {labels.map((label, index) => (
            <option key={index} value={index}>
              {label}
            </option>
          ))}
        </select>
      </label>
    )
  }
  return (
    <div class="row numbers">
      {field('channel', channels!)}
      {layer.shape.length === 3 && field('row', height!)}
      {layer.shape.length === 3 && field('column', width!)}
    </div>
  )
}
