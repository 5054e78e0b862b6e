// A network as its figure of 2012 has it: cut lengthwise onto two cards, a line wherever a layer sees the maps of one. Where
// layers can be chosen, each block is a button.
import type { LearnedLayer } from '../engine/tables.ts'
import { number, t } from '../text/text.ts'

/** Of the drawing, in its own units. */
const [STEP, BOX, ROWS] = [84, 54, [14, 94]]
const HALF = 24

export function TwoGpus(props: {
  layers: readonly LearnedLayer[]
  chosen?: string
  onChoose?: (layer: string) => void
}) {
  const { layers, chosen, onChoose } = props
  const last = layers.length - 1
  /** Where a layer stands on a card; the last one, which has the classes, stands between them. */
  const boxesOf = (index: number) => (index === last ? [(ROWS[0]! + ROWS[1]!) / 2] : ROWS)
  const seen = layers.flatMap(({ groups }, index) =>
    index === 0
      ? []
      : boxesOf(index).flatMap((to, card) =>
          boxesOf(index - 1)
            .filter((_, from) => groups === 1 || from === card)
            .map((from) => ({ index, from, to, isAcross: from !== to })),
        ),
  )
  const title = t('tour:twoGpusAlt', { across: acrossNames(layers) })
  const unitsOf = ({ weight }: LearnedLayer, index: number) =>
    number(weight[0]! / (index === last ? 1 : 2))
  const named = (layer: LearnedLayer, index: number, card: number) => {
    const name = shortName(layer.weight, index)
    return index === last
      ? t('evidence:blockOfAll', { name, units: unitsOf(layer, index) })
      : t('evidence:block', { name, card: card + 1, units: unitsOf(layer, index) })
  }
  return (
    <figure>
      <figcaption>{t('tour:twoGpus')}</figcaption>
      <svg
        class="two-gpus"
        viewBox={`0 0 ${STEP * layers.length} 158`}
        role={onChoose ? 'group' : 'img'}
        aria-label={onChoose && title}
      >
        {!onChoose && <title>{title}</title>}
        {seen.map(({ index, from, to, isAcross }) => (
          <line
            key={`${index} ${from} ${to}`}
            class={isAcross ? 'across' : ''}
            x1={(index - 1) * STEP + BOX}
            y1={from + HALF}
            x2={index * STEP}
            y2={to + HALF}
          />
        ))}
        {layers.map((layer, index) =>
          boxesOf(index).map((top, card) => {
            const asButton = onChoose && {
              role: 'button' as const,
              // As SVG spells it.
              tabindex: 0,
              'aria-label': named(layer, index, card),
              'aria-pressed': layer.name === chosen,
              onClick: () => onChoose(layer.name),
              onKeyDown: (event: KeyboardEvent) => {
                if (event.key !== 'Enter' && event.key !== ' ') return
                event.preventDefault()
                onChoose(layer.name)
              },
            }
            return (
              <g key={`${layer.name} ${card}`} {...asButton}>
                <rect x={index * STEP} y={top} width={BOX} height={2 * HALF} rx="3" />
                <text x={index * STEP + BOX / 2} y={top + HALF + 5}>
                  {unitsOf(layer, index)}
                </text>
              </g>
            )
          }),
        )}
      </svg>
    </figure>
  )
}

/** Layers that see both cards, by the field's names. */
const acrossNames = (layers: readonly LearnedLayer[]) =>
  layers
    .map(({ weight, groups }, index) => ({ name: shortName(weight, index), groups, index }))
    .filter(({ groups, index }) => groups === 1 && index > 0)
    .map(({ name }) => name)
    .join(', ')

/** conv1 to fc8. */
export const shortName = (weight: readonly number[], index: number) =>
  `${weight.length === 4 ? 'conv' : 'fc'}${index + 1}`
