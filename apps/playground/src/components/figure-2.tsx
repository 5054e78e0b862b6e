// Figure 2 of the paper, to be pressed: what each layer is on its card, and the bytes that go from one card to the other.
import { useEffect, useState } from 'preact/hooks'
import { address, choose } from '../address.ts'
import type { LearnedLayer, VariantTable } from '../engine/tables.ts'
import { engine, messageOf, session } from '../session.ts'
import { useStore } from '../store.ts'
import { t } from '../text/text.ts'
import { Message } from './message.tsx'
import { shortName, TwoGpus } from './two-gpus.tsx'

/** Of a float32, as the cards of 2012 computed in. */
const BYTES = 4
/** Pictures of a step: section 5 of the paper. */
const BATCH = 128

/**
 * What goes from each card to the other for one picture before a layer: the half of its input that the other card has made.
 * None where each card's half of the layer sees that card alone.
 */
export const crossing = ({ groups, input }: LearnedLayer, index: number): number =>
  groups === 1 && index > 0 ? (input.reduce((all, one) => all * one, 1) / 2) * BYTES : 0

export function Figure2() {
  const { status } = useStore(session)
  const { layer } = useStore(address).fields
  const [table, setTable] = useState<VariantTable>()
  const [problem, setProblem] = useState('')
  useEffect(() => {
    // The worker answers as soon as it has a model.
    if (status !== 'ready') return
    let stale = false
    engine()
      .table('paper')
      .then(
        (found) => !stale && setTable(found),
        (error) => !stale && setProblem(messageOf(error)),
      )
    return () => {
      stale = true
    }
  }, [status])
  const layers = table?.layers ?? []
  const at = Math.max(
    0,
    layers.findIndex(({ name }) => name === layer),
  )
  const all = layers.reduce((sum, one, index) => sum + crossing(one, index), 0)
  return (
    <section aria-label={t('evidence:figure')}>
      <h2>{t('evidence:figure')}</h2>
      <p>{t('evidence:figureAbout')}</p>
      {problem && <Message kind="problem">{problem}</Message>}
      <div class="figure-2">
        {table && (
          <>
            <TwoGpus
              layers={layers}
              chosen={layers[at]!.name}
              onChoose={(name) => choose({ layer: name })}
            />
            <Block layer={layers[at]!} index={at} isLast={at === layers.length - 1} />
            <p class="quiet">
              {t('evidence:crossesAll', {
                bytes: all,
                step: (2 * all * BATCH) / 1e6,
                batch: BATCH,
              })}
            </p>
          </>
        )}
      </div>
    </section>
  )
}

function Block(props: { layer: LearnedLayer; index: number; isLast: boolean }) {
  const { layer, index, isLast } = props
  const { weight, input } = layer
  const [units = 0, seen = 0, height, width = 0] = weight
  const bytes = crossing(layer, index)
  const half = isLast ? units : units / 2
  const places =
    input.length === 3 ? `${input[0]}×${input[1]}×${input[2]! / 2}` : `${input[0]! / 2}`
  return (
    <div data-testid="block" aria-live="polite">
      <h3>
        {shortName(weight, index)} <small>{layer.name}</small>
      </h3>
      <p>
        {height === undefined
          ? t(isLast ? 'evidence:classes' : 'evidence:units', { half, seen })
          : t('evidence:filters', { half, height, width, seen })}{' '}
        {t('evidence:learns', { parameters: layer.parameters })}{' '}
        {bytes > 0
          ? t('evidence:crosses', { places, bytes, size: BYTES })
          : t(index === 0 ? 'evidence:first' : 'evidence:stays')}
      </p>
      <p>
        <a href={`#/look?model=cifar10-int8&layer=${layerLike(index)}`}>{t('evidence:atWork')}</a>
      </p>
    </div>
  )
}

/** The layer of the page's own model that stands where one of the paper's does; its fc6 is the last hidden one. */
const layerLike = (index: number) => LIKE[Math.min(index, LIKE.length - 1)]!
const LIKE = [
  ...['features.0', 'features.3', 'features.6', 'features.8', 'features.10'],
  ...['classifier.1', 'classifier.1', 'classifier.4'],
]
