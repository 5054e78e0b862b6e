// The tour: AlexNet in twelve steps, each with a question to guess at and the network at work beside it.
import { useEffect, useState } from 'preact/hooks'
import { address, asked, frameOf, isEmbedded } from '../address.ts'
import { Inside } from '../components/inside.tsx'
import { Message } from '../components/message.tsx'
import { Status } from '../components/model-bar.tsx'
import { PictureStrip } from '../components/picture-strip.tsx'
import type { PageImage } from '../engine/protocol.ts'
import { sampleImages, sampleNames } from '../samples.ts'
import { addImages, chooseModel, images, selected, session } from '../session.ts'
import { useStore } from '../store.ts'
import { t } from '../text/text.ts'
import { type Guess, guesses, type Step, steps } from './steps.ts'
import { Code, Cuts, Functions, Half, Parameters } from './tour-views.tsx'

export function TourPage() {
  const { step } = useStore(address)
  const index = Math.min(steps.length, Math.max(1, Number.parseInt(step, 10) || 1)) - 1
  return (
    <>
      <nav aria-label={t('tour:steps')}>
        <ol class="steps">
          {steps.map(({ name }, at) => (
            <li key={name}>
              <a
                href={`#/tour/${at + 1}`}
                aria-current={at === index ? 'step' : undefined}
                title={t(`tour:${name}.title`)}
              >
                {at + 1}
                <span class="hidden"> {t(`tour:${name}.title`)}</span>
              </a>
            </li>
          ))}
        </ol>
      </nav>
      <StepView key={index} index={index} />
    </>
  )
}

function StepView({ index }: { index: number }) {
  const step = steps[index]!
  const { name } = step
  const link = (at: number, key: 'previous' | 'next') =>
    steps[at] && (
      <a class={`way ${key}`} href={`#/tour/${at + 1}`}>
        {t(`tour:${key}`, { title: t(`tour:${steps[at].name}.title`) })}
      </a>
    )
  return (
    <div class="tour">
      <article class="text">
        <p class="quiet">{t('tour:step', { step: index + 1, steps: steps.length })}</p>
        <h2>{t(`tour:${name}.title`)}</h2>
        <p>{t(`tour:${name}.text1`)}</p>
        <p>{t(`tour:${name}.text2`)}</p>
        <Question step={step} />
        <p>
          <strong>{t('tour:tryIt')}</strong> {t(`tour:${name}.try`)}
        </p>
        {!isEmbedded && (
          <div class="row">
            {link(index - 1, 'previous')}
            {link(index + 1, 'next')}
          </div>
        )}
        {!isEmbedded && <Embed index={index} />}
      </article>
      <section class="live" aria-label={t('tour:live')}>
        <Live step={step} />
      </section>
    </div>
  )
}

function Question({ step: { name, answer } }: { step: Step }) {
  const [guess, setGuess] = useState<Guess>()
  return (
    <section class="card question" aria-label={t('tour:predict')}>
      <div class="grow">
        <h3>{t('tour:predict')}</h3>
        <p>{t(`tour:${name}.question`)}</p>
        <div class="guesses">
          {guesses.map((one) => (
            <button
              key={one}
              type="button"
              class={`outline ${guess && one === answer ? 'right' : ''}`}
              aria-pressed={guess === one}
              onClick={() => setGuess(one)}
            >
              {t(`tour:${name}.${one}`)}
            </button>
          ))}
        </div>
        <p role="status">
          {guess && (
            <>
              <strong>
                {guess === answer
                  ? t('tour:right')
                  : t('tour:wrong', { answer: t(`tour:${name}.${answer}`) })}
              </strong>{' '}
              {t(`tour:${name}.answer`)}
            </>
          )}
        </p>
      </div>
    </section>
  )
}

/** What stands beside the text, with the step's model; a model of one's own is taken for it only when asked. */
function Live({ step }: { step: Step }) {
  const { status, source, loading, message } = useStore(session)
  const list = useStore(images)
  const wanted = useStore(asked)
  const isSettled = status === 'ready' && !loading && !wanted.model
  const isAnother = source.kind !== 'bundled' || source.name !== step.model
  const take = () => void chooseModel({ kind: 'bundled', name: step.model })
  useEffect(() => {
    if (isSettled && isAnother && source.kind === 'bundled') take()
  }, [isSettled, step.model])
  useEffect(() => {
    if (!isSettled || (isAnother && source.kind === 'bundled') || wanted.picture) return
    void lookAtFitting()
  }, [isSettled, isAnother])
  const needsModel = step.views.some((view) => view !== 'parameters' && view !== 'code')
  return (
    <>
      {status === 'failed' && <Message kind="problem">{message}</Message>}
      {needsModel && <Status />}
      {needsModel && isAnother && isSettled && source.kind !== 'bundled' && (
        <button type="button" class="outline" onClick={take}>
          {t('tour:takeModel')}
        </button>
      )}
      {step.views.includes('functions') && <Functions />}
      {step.views.includes('parameters') && <Parameters areCards={step.name === 'groups'} />}
      {step.views.includes('code') && <Code />}
      {step.views.includes('cuts') && <Cuts />}
      {(step.views.includes('inside') || step.views.includes('half')) && list.length > 0 && (
        <PictureStrip />
      )}
      {step.views.includes('half') && <Half />}
      {step.views.includes('inside') && <Inside {...(step.layer && { first: step.layer })} />}
    </>
  )
}

/** The step as a frame in another page. */
function Embed({ index }: { index: number }) {
  const url = new URL(location.href)
  url.hash = `#/tour/${index + 1}`
  return (
    <details>
      <summary>{t('tour:embed')}</summary>
      <pre>
        <code>{frameOf(url.href, 'AlexNet')}</code>
      </pre>
    </details>
  )
}

/** Looks at a picture that the model knows, where the one there is came with the page for another model. */
async function lookAtFitting(): Promise<void> {
  const names = sampleNames()
  const fits = ({ sample }: PageImage) => sample === undefined || names.includes(sample)
  const current = images.value.find(({ id }) => id === selected.value)
  if (current && fits(current)) return
  const other = images.value.find(({ sample }) => sample !== undefined && names.includes(sample))
  if (other) selected.set(other.id)
  else addImages(await sampleImages(4))
}
