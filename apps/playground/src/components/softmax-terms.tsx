// The answer as the softmax works it out: each class's logit, its exponential, its share; the chosen class in full.
import { useEffect, useState } from 'preact/hooks'
import type { PageImage, Part, SoftmaxTerm, SoftmaxTerms } from '../engine/protocol.ts'
import { engine, messageOf } from '../session.ts'
import { number, percent, t } from '../text/text.ts'
import { Message } from './message.tsx'

export function Softmax(props: {
  image: PageImage
  labels: readonly string[]
  parts: Part[]
  /** The class that is worked out. */
  chosen: number | undefined
  onChoose: (index: number) => void
  version: number
}) {
  const { image, labels, parts, chosen, onChoose, version } = props
  const [found, setFound] = useState<SoftmaxTerms>()
  const [problem, setProblem] = useState('')
  const asked = JSON.stringify([image.id, parts, chosen, version])
  useEffect(() => {
    let stale = false
    setProblem('')
    engine()
      .softmax(image, chosen, parts)
      .then(
        (terms) => !stale && setFound(terms),
        (error) => !stale && setProblem(messageOf(error)),
      )
    return () => {
      stale = true
    }
  }, [asked])
  if (problem) return <Message kind="problem">{problem}</Message>
  if (!found) return null
  const { terms, largest, sum, others, unlisted } = found
  const own = terms.find(({ index }) => index === chosen)
  return (
    <section aria-label={t('softmax.title')} class="sum">
      <h3>{t('softmax.title')}</h3>
      <p class="quiet">{t('softmax.about')}</p>
      {own && (
        <p data-testid="share">
          <strong>{labels[own.index]}</strong>: {workedOut(own, largest, sum)}
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
      <section class="scroll" aria-label={t('softmax.table')} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('heat.class')}</th>
              <th scope="col">{t('softmax.logit')}</th>
              <th scope="col">{t('softmax.less')}</th>
              <th scope="col">exp</th>
              <th scope="col">{t('softmax.share')}</th>
            </tr>
          </thead>
          <tbody>
            {terms.map(({ index, logit, exp, share }) => (
              <tr key={index} class={index === chosen ? 'chosen' : undefined}>
                <th scope="row">
                  <button
                    type="button"
                    class="link"
                    aria-pressed={index === chosen}
                    onClick={() => onChoose(index)}
                  >
                    {labels[index]}
                  </button>
                </th>
                <td>{written(logit)}</td>
                <td>{written(logit - largest)}</td>
                <td>{written(exp)}</td>
                <td>{percent(share)}</td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            {unlisted > 0 && (
              <tr>
                <th scope="row" colSpan={3}>
                  {t('softmax.others', { count: unlisted })}
                </th>
                <td>{written(others)}</td>
                <td>{percent(others / sum)}</td>
              </tr>
            )}
            <tr>
              <th scope="row" colSpan={3}>
                {t('sum.total')}
              </th>
              <td data-testid="exponentials">{written(sum)}</td>
              <td>{percent(1)}</td>
            </tr>
          </tfoot>
        </table>
      </section>
    </section>
  )
}

const written = (value: number) => number(value, { maximumSignificantDigits: 4 })

/** `exp(2.1 − 3.4) ÷ 1.9 = 0.27 ÷ 1.9 = 14.3%` */
function workedOut({ logit, exp, share }: SoftmaxTerm, largest: number, sum: number): string {
  const less = largest < 0 ? `+ ${written(-largest)}` : `− ${written(largest)}`
  return `exp(${written(logit)} ${less}) ÷ ${written(sum)} = ${written(exp)} ÷ ${written(sum)} = ${percent(share)}`
}
