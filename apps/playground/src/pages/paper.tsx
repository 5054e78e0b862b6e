// The paper: what it claims, what was measured here, and one of its experiments live.
import { proxy } from 'comlink'
import { useEffect, useRef, useState } from 'preact/hooks'
import { type Client, startWorker } from '../client.ts'
import { percent } from '../components/bars.tsx'
import { Chart, lineColors } from '../components/chart.tsx'
import { Message } from '../components/message.tsx'
import type { RacePoint } from '../engine/race.ts'
import { messageOf, session } from '../session.ts'
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

export function PaperPage() {
  const claimed = new Set(claims.map(({ experiment }) => experiment))
  const others = experiments.filter(({ name, groups }) => !claimed.has(name) && groups.length > 0)
  return (
    <>
      <p>
        A. Krizhevsky, I. Sutskever, G. E. Hinton:{' '}
        <cite>
          <a href="https://papers.nips.cc/paper/4824-imagenet-classification-with-deep-convolutional-neural-networks">
            ImageNet Classification with Deep Convolutional Neural Networks
          </a>
        </cite>
        , 2012. What it says made the difference, and what this project measured.
      </p>
      <LiveRace />
      <h2>What it claims, and what was measured here</h2>
      {claims.map((claim) => (
        <ClaimView key={claim.title} claim={claim} />
      ))}
      {others.length > 0 && <h2>Also measured</h2>}
      {others.map((experiment) => (
        <section key={experiment.name} class="claim" aria-label={experiment.title}>
          <h3>{experiment.title}</h3>
          <p>The source says: {experiment.claim}.</p>
          <Measured experiment={experiment} label={experiment.title} />
        </section>
      ))}
    </>
  )
}

function ClaimView(props: { claim: Claim }) {
  const { title, text, experiment } = props.claim
  const { measured, missing } = measuredFor(props.claim, experiments)
  return (
    <section class="claim" aria-label={title}>
      <h3>{title}</h3>
      <p>{text}</p>
      {measured && (
        <>
          <p>
            <strong>Measured here.</strong> {verdict(measured)}
          </p>
          <Measured experiment={measured} label={title} />
        </>
      )}
      {missing.length > 0 && (
        <p class="quiet">
          Not measured by this project yet{measured && ` (${missing.join(', ')})`}:{' '}
          <code>npm run -s experiments -- {experiment} --data CIFAR-10</code> does it.
        </p>
      )}
    </section>
  )
}

/** @param props.label what the table is of, as no other of the page is called */
function Measured(props: { experiment: Experiment; label: string }) {
  const { title, measure, target, groups } = props.experiment
  const epochs = Math.max(
    ...groups.flatMap(({ curves }) => curves.map(({ errors }) => errors.length)),
  )
  const x = Array.from({ length: epochs }, (_, index) => index + 1)
  const lines = groups.map((group, index) => ({
    label: group.name,
    color: lineColors[index % lineColors.length]!,
    values: meanCurve(group, epochs),
  }))
  const numbers = groups.map(({ name, error }) => `${name} ${error.mean.toFixed(1)}%`).join(', ')
  const isSure = groups.every(({ curves }) => curves.length > 1)
  return (
    <div class="columns">
      <Chart
        label={`${title}, ${measure} error at the end: ${numbers}`}
        x={x}
        lines={lines}
        xLabel="epoch"
        yLabel={`${measure} error, %`}
      />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
      <section class="scroll" aria-label={`Table: ${props.label}`} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Network</th>
              <th scope="col">{measure === 'test' ? 'Test' : 'Training'} error</th>
              {target !== null && <th scope="col">Epochs to {target}%</th>}
              <th scope="col">Runs</th>
            </tr>
          </thead>
          <tbody>
            {groups.map(({ name, error, reached, curves }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  {error.mean.toFixed(2)}%{curves.length > 1 && ` ± ${error.deviation.toFixed(2)}`}
                </td>
                {target !== null && <td>{reached ? reached.mean.toFixed(1) : 'not reached'}</td>}
                <td>{curves.length}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {!isSure && (
          <p class="quiet">One run tells no deviation: small differences may be chance.</p>
        )}
      </section>
    </div>
  )
}

function LiveRace() {
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
    const own = startWorker('race', (reason) => setProblem(`The race stopped (${reason}).`))
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
    ? `After ${last.pictures} pictures: ReLU ${percent(last.relu)} wrong, tanh ${percent(last.tanh)}.`
    : 'Not started.'
  return (
    <section aria-label="Live race">
      <h2>ReLU against tanh, live</h2>
      <p>
        Two AlexNets for 32×32 pictures that differ in nothing but this function learn the ten drawn
        shapes from the same batches, in turn. Drawings keep them close; on photographs they part,
        as measured below.
      </p>
      <div class="row">
        <button type="button" onClick={() => (state === 'running' ? stop() : void run())}>
          {state === 'running' ? 'Stop the race' : 'Start the race'}
        </button>
        <span data-testid="race" role="status">
          {summary}
        </span>
      </div>
      {problem && <Message kind="problem">{problem}</Message>}
      {points.length > 0 && (
        <Chart
          label={`Training error over pictures seen. ${summary}`}
          x={points.map(({ pictures }) => pictures)}
          xLabel="pictures seen"
          yLabel="training error"
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
