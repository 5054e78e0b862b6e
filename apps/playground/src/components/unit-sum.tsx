// The pinned unit of a convolution as the sum that it is: input × weights = product, channel by channel, then bias and ReLU.
import type { ComponentChildren } from 'preact'
import type { Pixels, UnitSum } from '../engine/protocol.ts'
import { number, t } from '../text/text.ts'
import { PixelView } from './pixels.tsx'

const colours = ['red', 'green', 'blue'] as const

/** @param props.children what moves the filter, and where it is */
export function Sum(props: { sum: UnitSum; children: ComponentChildren }) {
  const { terms, channels, isColour, others, bias, total, relu } = props.sum
  const nameOf = (channel: number) =>
    isColour ? t(`sum.${colours[channel]!}`) : t('sum.map', { index: channel })
  const line = (name: string, value: number) => (
    <tr>
      <th scope="row" colSpan={4}>
        {name}
      </th>
      <td>{signed(value)}</td>
    </tr>
  )
  return (
    <section aria-label={t('sum.title')} class="sum">
      <h3>{t('sum.title')}</h3>
      <p class="quiet">
        {t('sum.about')}
        {terms.length < channels && ` (${t('sum.first', { shown: terms.length, all: channels })})`}
      </p>
      {props.children}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
      <section class="scroll" aria-label={t('sum.table')} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('sum.channel')}</th>
              <th scope="col">{t('sum.input')}</th>
              <th scope="col">× {t('sum.weights')}</th>
              <th scope="col">= {t('sum.product')}</th>
              <th scope="col">{t('sum.total')}</th>
            </tr>
          </thead>
          <tbody>
            {terms.map(({ channel, sum: part, input, weights, product }) => (
              <tr key={channel}>
                <th scope="row">{nameOf(channel)}</th>
                {(
                  [
                    ['input', input],
                    ['weights', weights],
                    ['product', product],
                  ] as ['input' | 'weights' | 'product', Pixels][]
                ).map(([what, pixels]) => (
                  <td key={what}>
                    <PixelView
                      pixels={pixels}
                      class="term"
                      alt={t('sum.alt', { what: t(`sum.${what}`), channel: nameOf(channel) })}
                    />
                  </td>
                ))}
                <td>{signed(part)}</td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            {terms.length < channels && line(t('sum.others'), others)}
            {line(t('sum.bias'), bias)}
            <tr data-testid="sum">
              <th scope="row" colSpan={4}>
                {t('sum.total')}
              </th>
              <td>
                <strong>{signed(total)}</strong>
              </td>
            </tr>
            {relu !== undefined && line(t('sum.relu'), relu)}
          </tfoot>
        </table>
      </section>
    </section>
  )
}

const signed = (value: number) =>
  number(value, { maximumSignificantDigits: 3, signDisplay: 'exceptZero' })
