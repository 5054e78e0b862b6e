// The network drawn as its tensors, layer by layer, each with what it makes of the picture, as a list of buttons.
import { useRef, useState } from 'preact/hooks'
import type { LayerFace, LayerInfo, Part } from '../engine/protocol.ts'
import { en } from '../text/en.ts'
import { t } from '../text/text.ts'
import { PixelView } from './pixels.tsx'

/** What the page calls a layer; one it has no word for by its kind. */
export const kindOf = ({ kind }: { kind: string }) =>
  kind in en.kind ? t(`kind.${kind as keyof typeof en.kind}`) : kind

/** Pixels a side of the largest map, and of one of no places. */
const LARGEST = 72
const LEAST = 8

export function Network(props: {
  layers: readonly LayerInfo[]
  chosen: string
  parts: readonly Part[]
  /** What the layers make of the picture, once that is known. */
  faces: readonly LayerFace[]
  onChoose: (name: string) => void
}) {
  const { layers, chosen, parts, faces, onChoose } = props
  // The layer under the pointer, and whether it stands on the right, where a closer look has its room to the left.
  const [pointed, setPointed] = useState<{ name: string; isRight: boolean }>()
  const names = namesOf(layers)
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
        const shown = faces.find(({ name }) => name === layer.name)
        const isLine = height === 1 && width === 1
        const side = LEAST + ((LARGEST - LEAST) * height) / largest
        const thickness = 4 + 5 * Math.log2(1 + channels)
        return (
          <li key={layer.name}>
            <button
              type="button"
              class={`plain layer ${layer.kind} ${isOff ? 'off' : ''}`}
              aria-pressed={layer.name === chosen}
              tabIndex={index === at ? 0 : -1}
              onKeyDown={press}
              onClick={() => onChoose(layer.name)}
              onPointerEnter={({ currentTarget }) =>
                setPointed({
                  name: layer.name,
                  isRight: currentTarget.offsetLeft > list.current!.clientWidth / 2,
                })
              }
              onPointerLeave={() => setPointed(undefined)}
            >
              <span class="tensor" aria-hidden="true">
                <span class="face" style={isLine ? sized(thickness, 10) : sized(side, side)}>
                  {shown && <PixelView pixels={shown.face} alt="" />}
                </span>
                <span class="box" style={isLine ? sized(thickness, 6) : sized(side, thickness)} />
              </span>
              {shown && pointed?.name === layer.name && (
                <span class={pointed.isRight ? 'preview to-left' : 'preview'} aria-hidden="true">
                  <PixelView pixels={shown.preview} alt="" class={isLine ? 'strip-of-units' : ''} />
                </span>
              )}
              <span class="kind">{names[index]}</span>{' '}
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

const sized = (height: number, width: number) => ({ height: `${height}px`, width: `${width}px` })

function sides(shape: readonly number[]): [number, number, number] {
  return shape.length === 3 ? [shape[0]!, shape[1]!, shape[2]!] : [1, 1, shape[0]!]
}

/** conv1 to fc8, as the layers that learn are called; the others by their kinds. */
function namesOf(layers: readonly LayerInfo[]): string[] {
  let count = 0
  return layers.map((layer) => {
    const short = { convolution: 'conv', linear: 'fc' }[layer.kind]
    return short ? `${short}${++count}` : kindOf(layer)
  })
}
