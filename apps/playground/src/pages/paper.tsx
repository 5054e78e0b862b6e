// The paper: what it claims, what was measured here, and one of its experiments live.
import { proxy } from 'comlink'
import { useEffect, useRef, useState } from 'preact/hooks'
import { type Client, startWorker } from '../client.ts'
import { percent } from '../components/bars.tsx'
import { Chart, lineColors } from '../components/chart.tsx'
import { Message } from '../components/message.tsx'
import type { RacePoint } from '../engine/race.ts'
import { messageOf, session } from '../session.ts'
import { claims, type Experiment, type Group } from './experiments.ts'

/** Set by vite.config.ts when the page is built. */
declare const __EXPERIMENTS__: readonly Experiment[]
const experiments = __EXPERIMENTS__

export function PaperPage() {
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
      {experiments.length > 0 && (
        <section aria-label="Measured by this project">
          <h2>Measured by this project</h2>
          {experiments.map((experiment) => (
            <Measured key={experiment.name} experiment={experiment} />
          ))}
        </section>
      )}
      <section aria-label="What the paper says">
        <h2>What the paper says</h2>
        <dl class="claims">
          {claims.map(({ title, text }) => (
            <div key={title}>
              <dt>{title}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      </section>
    </>
  )
}

function Measured(props: { experiment: Experiment }) {
  const { title, claim, measure, target, groups } = props.experiment
  const epochs = Math.max(
    ...groups.flatMap(({ curves }) => curves.map(({ errors }) => errors.length)),
  )
  const x = Array.from({ length: epochs }, (_, index) => index + 1)
  const lines = groups.map((group, index) => ({
    ...{ label: group.name, color: lineColors[index % lineColors.length]! },
    values: meanCurve(group, epochs),
  }))
  const numbers = groups.map(({ name, error }) => `${name} ${error.mean.toFixed(1)}%`).join(', ')
  return (
    <figure>
      <figcaption>
        <strong>{title}.</strong> The claim: {claim}.
      </figcaption>
      <Chart
        label={`${title}, ${measure} error at the end: ${numbers}`}
        {...{ x, lines, xLabel: 'epoch', yLabel: `${measure} error, %` }}
      />
      <table>
        <thead>
          <tr>
            <th scope="col">network</th>
            <th scope="col">{measure} error at the end</th>
            {target !== null && <th scope="col">epochs to {target}%</th>}
            <th scope="col">runs</th>
          </tr>
        </thead>
        <tbody>
          {groups.map(({ name, error, reached, curves }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                {error.mean.toFixed(2)} ± {error.deviation.toFixed(2)}%
              </td>
              {target !== null && <td>{reached ? reached.mean.toFixed(1) : 'not reached'}</td>}
              <td>{curves.length}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  )
}

/** The mean over the runs that have got to each epoch. */
function meanCurve({ curves }: Group, epochs: number): (number | null)[] {
  return Array.from({ length: epochs }, (_, epoch) => {
    const values = curves.flatMap(({ errors }) => (epoch < errors.length ? [errors[epoch]!] : []))
    return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null
  })
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
        shapes from the same batches, in turn.
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
