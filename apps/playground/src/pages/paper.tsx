// The paper: what it claims, what was measured here, and one of its experiments live.
import { proxy } from 'comlink'
import { useEffect, useRef, useState } from 'preact/hooks'
import { type Client, startWorker } from '../client.ts'
import { Chart, lineColors } from '../components/chart.tsx'
import { Figure2 } from '../components/figure-2.tsx'
import { Message } from '../components/message.tsx'
import { Replay } from '../components/replay.tsx'
import type { RacePoint } from '../engine/race.ts'
import { messageOf, session } from '../session.ts'
import { number, percent, t } from '../text/text.ts'
import { InFrames, InTurn } from '../turns.ts'
import {
  type Claim,
  claims,
  type Experiment,
  meanCurve,
  measuredFor,
  verdict,
} from './experiments.ts'

/** Set by vite.config.ts when the page is built. */
declare const __EXPERIMENTS__: readonly Experiment[]
const experiments = __EXPERIMENTS__

/** Where a claim's part is seen at work. */
const seeAt: Record<Claim['name'], string> = {
  relu: '#/tour/8',
  lrn: '#/tour/9',
  pooling: '#/tour/5',
  augmentation: '#/tour/11',
  dropout: '#/tour/10',
  depth: '#/tour/1',
}

const fixed = (value: number, digits: number) =>
  number(value, { minimumFractionDigits: digits, maximumFractionDigits: digits })

export function PaperPage() {
  const claimed = new Set(claims.map(({ experiment }) => experiment))
  const others = experiments.filter(({ name, groups }) => !claimed.has(name) && groups.length > 1)
  return (
    <InFrames>
      <p>
        A. Krizhevsky, I. Sutskever, G. E. Hinton:{' '}
        <cite>
          <a href="https://papers.nips.cc/paper/4824-imagenet-classification-with-deep-convolutional-neural-networks">
            ImageNet Classification with Deep Convolutional Neural Networks
          </a>
        </cite>
        {', '}
        {t('paper.said')}
      </p>
      <Figure2 />
      <Race />
      <h2>{t('paper.claims')}</h2>
      {claims.map((claim) => (
        <ClaimView key={claim.name} claim={claim} />
      ))}
      {others.length > 0 && <h2>{t('paper.also')}</h2>}
      {others.map((experiment) => (
        <section key={experiment.name} class="claim" aria-label={experiment.title}>
          <h3>{experiment.title}</h3>
          <p>{t('paper.source', { claim: experiment.claim })}</p>
          <Measured experiment={experiment} label={experiment.title} />
        </section>
      ))}
    </InFrames>
  )
}

function ClaimView(props: { claim: Claim }) {
  const { name, experiment } = props.claim
  const title = t(`claims.${name}`)
  const { measured, missing } = measuredFor(props.claim, experiments)
  return (
    <section class="claim" aria-label={title}>
      <h3>{title}</h3>
      <p>
        <strong>{t('evidence:claimed')}</strong> {t(`claims.${name}Text`)}
      </p>
      {measured && (
        <>
          <p>
            <strong>{t('paper.measured')}</strong> {verdict(measured)}
          </p>
          <p>
            <strong>{t('evidence:differs')}</strong> {t(`evidence:why.${name}`)}
          </p>
          <p>
            <strong>{t('evidence:see')}</strong>{' '}
            <a href={seeAt[name]}>{t(`evidence:seeAt.${name}`)}</a>
          </p>
          <Measured experiment={measured} label={title} />
        </>
      )}
      {missing.length > 0 && (
        <p class="quiet">
          {measured
            ? t('paper.notMeasuredSome', { missing: missing.join(', ') })
            : t('paper.notMeasured')}{' '}
          <code>npm run -s experiments -- {experiment} --data CIFAR-10</code>
        </p>
      )}
    </section>
  )
}

/** @param props.label what the table is of, as no other of the page is called */
function Measured(props: { experiment: Experiment; label: string }) {
  // Its place is kept, so that what stands below does not move.
  return (
    <div class="columns measured">
      <InTurn>
        <Curves {...props} />
      </InTurn>
    </div>
  )
}

function Curves(props: { experiment: Experiment; label: string }) {
  const { title, measure, target, groups } = props.experiment
  const epochs = Math.max(
    ...groups.flatMap(({ curves }) => curves.map(({ errors }) => errors.length)),
  )
  const lines = groups.map((group, index) => ({
    label: group.name,
    color: lineColors[index % lineColors.length]!,
    values: meanCurve(group, epochs),
  }))
  const numbers = groups.map(({ name, error }) => `${name} ${fixed(error.mean, 1)}%`).join(', ')
  const error = t(`paper.error.${measure}`)
  const isSure = groups.every(({ curves }) => curves.length > 1)
  return (
    <>
      <Replay
        name={props.label}
        label={t('paper.chartAlt', { title, error, numbers })}
        lines={lines}
        epochs={epochs}
        xLabel={t('paper.epoch')}
        yLabel={t('paper.errorAxis', { error })}
      />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
      <section class="scroll" aria-label={t('paper.table', { label: props.label })} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('paper.network')}</th>
              <th scope="col">{error}</th>
              {target !== null && <th scope="col">{t('paper.epochsTo', { target })}</th>}
              <th scope="col">{t('paper.runs')}</th>
            </tr>
          </thead>
          <tbody>
            {groups.map(({ name, error, reached, curves }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  {fixed(error.mean, 2)}%{curves.length > 1 && ` ± ${fixed(error.deviation, 2)}`}
                </td>
                {target !== null && (
                  <td>{reached ? fixed(reached.mean, 1) : t('paper.notReached')}</td>
                )}
                <td>{curves.length}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {!isSure && <p class="quiet">{t('paper.oneRun')}</p>}
      </section>
    </>
  )
}

function Race() {
  const [points, setPoints] = useState<RacePoint[]>([])
  const [state, setState] = useState<'idle' | 'running'>('idle')
  const [problem, setProblem] = useState('')
  const client = useRef<Client<'race'>>(undefined)
  useEffect(() => () => client.current?.stop(), [])
  const stop = () => {
    client.current?.stop()
    client.current = undefined
    setState('idle')
  }
  const run = async () => {
    setPoints([])
    setProblem('')
    setState('running')
    const own = startWorker('race', (reason) => setProblem(t('paper.raceStopped', { reason })))
    client.current = own
    const all: RacePoint[] = []
    const onPoint = (point: RacePoint) => {
      all.push(point)
      if (client.current === own && all.length % 3 === 0) setPoints([...all])
    }
    try {
      await own.job.run(session.value.choice, proxy(onPoint))
      setPoints([...all])
    } catch (error) {
      setProblem(messageOf(error))
    }
    if (client.current === own) stop()
  }
  const last = points.at(-1)
  const summary = last
    ? t('paper.after', {
        pictures: last.pictures,
        relu: percent(last.relu),
        tanh: percent(last.tanh),
      })
    : t('paper.notStarted')
  return (
    <section aria-label={t('paper.raceLabel')}>
      <h2>{t('paper.race')}</h2>
      <p>{t('paper.raceAbout')}</p>
      <div class="row">
        <button type="button" onClick={() => (state === 'running' ? stop() : void run())}>
          {t(state === 'running' ? 'paper.stopRace' : 'paper.startRace')}
        </button>
        <span data-testid="race" role="status" aria-live={state === 'running' ? 'off' : 'polite'}>
          {summary}
        </span>
      </div>
      {problem && <Message kind="problem">{problem}</Message>}
      {points.length > 0 && (
        <Chart
          label={t('paper.raceAlt', { summary })}
          x={points.map(({ pictures }) => pictures)}
          xLabel={t('paper.seen')}
          yLabel={t('paper.raceAxis')}
          range={[0, 1]}
          lines={[
            { label: 'ReLU', color: lineColors[0]!, values: points.map(({ relu }) => relu) },
            { label: 'tanh', color: lineColors[1]!, values: points.map(({ tanh }) => tanh) },
          ]}
        />
      )}
    </section>
  )
}
