// The network drawn as its tensors, layer by layer, as a list of buttons.
import { useRef } from 'preact/hooks'
import type { LayerInfo, Part } from '../engine/protocol.ts'
import { en } from '../text/en.ts'
import { t } from '../text/text.ts'

/** What the page calls a layer; one it has no word for by its kind. */
export const kindOf = ({ kind }: { kind: string }) =>
  kind in en.kind ? t(`kind.${kind as keyof typeof en.kind}`) : kind

export function Network(props: {
  layers: readonly LayerInfo[]
  chosen: string
  parts: readonly Part[]
  onChoose: (name: string) => void
}) {
  const { layers, chosen, parts, onChoose } = props
  const largest = Math.max(1, ...layers.map(({ shape }) => (shape.length === 3 ? shape[0]! : 1)))
  // One stop of the tabulator for all of them; arrows go from one to the next.
  const list = useRef<HTMLOListElement>(null)
  const at = Math.max(
    0,
    layers.findIndex(({ name }) => name === chosen),
  )
  const press = ({ key }: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key]
    const next = step && layers[at + step]
    if (!next) return
    onChoose(next.name)
    list.current?.querySelectorAll('button')[at + step]?.focus()
  }
  return (
    <ol class="network" aria-label={t('look.layers')} ref={list}>
      {layers.map((layer, index) => {
        const [height, width, channels] = sides(layer.shape)
        const off = parts.find((part) => part.layer === layer.name)
        const isOff = off !== undefined && off.channels === undefined
        return (
          <li key={layer.name}>
            <button
              type="button"
              class={`plain layer ${layer.kind} ${isOff ? 'off' : ''}`}
              aria-pressed={layer.name === chosen}
              tabIndex={index === at ? 0 : -1}
              onKeyDown={press}
              onClick={() => onChoose(layer.name)}
            >
              <span class="tensor" aria-hidden="true">
                <span
                  class="box"
                  style={{
                    height: `${8 + (96 * height) / largest}px`,
                    width: `${4 + 5 * Math.log2(1 + channels)}px`,
                  }}
                />
              </span>
              <span class="kind">{kindOf(layer)}</span>{' '}
              <span class="size">
                {layer.shape.length === 3 ? `${height}×${width}×${channels}` : channels}
              </span>
              {isOff && <span class="hidden"> {t('look.off')}</span>}
              {off?.channels && (
                <span class="size">
                  {t('look.partlyOff', { off: off.channels.length, all: channels })}
                </span>
              )}
            </button>
          </li>
        )
      })}
    </ol>
  )
}

function sides(shape: readonly number[]): [number, number, number] {
  return shape.length === 3 ? [shape[0]!, shape[1]!, shape[2]!] : [1, 1, shape[0]!]
}
