// A run as it goes: loss and accuracy, which classes are confused, the surest mistakes, and what to do with
// the result.
import { useMemo, useState } from 'preact/hooks'
import type { EpochReport, Mistake, StepReport } from '../engine/training-protocol.ts'
import { chooseModel, messageOf } from '../session.ts'
import { useStore } from '../store.ts'
import { number, percent, t } from '../text/text.ts'
import { run, trainedModel } from '../training.ts'
import { InTurn } from '../turns.ts'
import { Chart, lineColors } from './chart.tsx'
import { download } from './download.ts'
import { Message } from './message.tsx'
import { PixelView } from './pixels.tsx'
import { TryIt } from './try-it.tsx'

export function RunView() {
  const { steps, epochs, classes, mistakes, about, status, saved, finished } = useStore(run)
  const [problem, setProblem] = useState('')
  const last = steps.at(-1)
  const lastEpoch = epochs.at(-1)
  const loss = useMemo(() => smoothed(steps, 200), [steps])
  if (!last) return null
  const speed = mean(steps.slice(-20).map(({ picturesPerSecond }) => picturesPerSecond))
  const withModel = (use: (file: File) => void) =>
    trainedModel().then(
      (blob) => use(new File([blob], 'classifier.safetensors')),
      (error) => setProblem(messageOf(error)),
    )
  const accuracy = lastEpoch ? percent(lastEpoch.validation.top1) : ''
  return (
    <>
      {about && <p class="quiet">{about}</p>}
      <progress value={last.step} max={last.steps} aria-label={t('page.progress')} />
      {/* Once an epoch for readers: the line below changes several times a second. */}
      <p class="hidden" role="status">
        {lastEpoch &&
          t('run.announced', { epoch: lastEpoch.epoch, epochs: last.epochs, share: accuracy })}
      </p>
      <p class="run-state" data-testid="run">
        {t('run.state', {
          ...last,
          state: t(finished ? 'run.done' : status === 'idle' ? 'run.stopped' : 'run.training'),
          speed: number(Math.round(speed)),
        })}
        {lastEpoch &&
          t('run.right', {
            share: accuracy,
            pictures: lastEpoch.validation.pictures,
            chance: percent(1 / classes.length),
          })}
        {saved !== undefined && t('run.kept', { step: saved })}
        {t('run.end')}
      </p>
      <div class="columns charts">
        <figure>
          <figcaption>{t('run.lossTitle')}</figcaption>
          <Chart
            label={t('run.lossAlt', { loss: loss.y.at(-1)!.toFixed(3) })}
            x={loss.x}
            xLabel={t('run.step')}
            yLabel={t('run.loss')}
            lines={[{ label: t('run.trainingLine'), color: lineColors[0]!, values: loss.y }]}
          />
        </figure>
        {epochs.length > 0 && (
          <figure>
            <figcaption>{t('run.accuracyTitle')}</figcaption>
            <Chart
              label={t('run.accuracyAlt', { share: accuracy })}
              x={[0, ...epochs.map(({ epoch }) => epoch)]}
              xLabel={t('run.epoch')}
              yLabel={t('run.shareRight')}
              range={[0, 1]}
              lines={[
                {
                  label: t('run.trainingLine'),
                  color: lineColors[0]!,
                  values: [1 / classes.length, ...epochs.map(({ train }) => train.top1)],
                },
                {
                  label: t('run.keptBack'),
                  color: lineColors[1]!,
                  values: [1 / classes.length, ...epochs.map(({ validation }) => validation.top1)],
                },
              ]}
            />
          </figure>
        )}
      </div>
      {saved !== undefined || finished ? (
        <div class="row">
          <button
            type="button"
            class="outline"
            onClick={() => void withModel((file) => download(file.name, file))}
          >
            {t('run.save')}
          </button>
          {(['classify', 'live', 'take'] as const).map((page) => (
            <button
              key={page}
              type="button"
              class="outline"
              onClick={() =>
                void withModel((file) => {
                  void chooseModel({ kind: 'files', files: [file] })
                  location.hash = `#/${page}`
                })
              }
            >
              {t(`run.${page}`)}
            </button>
          ))}
        </div>
      ) : null}
      {problem && <Message kind="problem">{problem}</Message>}
      {/* What the run began with is told during the visit that began it. */}
      {finished && (
        <InTurn>
          <TryIt isNew={about !== ''} />
        </InTurn>
      )}
      {lastEpoch && (
        <InTurn>
          <Confusion report={lastEpoch} classes={classes} />
        </InTurn>
      )}
      {mistakes.length > 0 && (
        <InTurn>
          <Mistakes mistakes={mistakes} />
        </InTurn>
      )}
    </>
  )
}

function Mistakes(props: { mistakes: readonly Mistake[] }) {
  return (
    <section aria-label={t('run.mistakes')}>
      <h3>{t('run.mistakesTitle')}</h3>
      <ul class="strip">
        {props.mistakes.map(({ pixels, label, found, probability }, index) => (
          <li key={index}>
            <PixelView pixels={pixels} class="tile" alt={t('run.mistakeAlt', { label, found })} />
            <small>{t('run.mistake', { label, found, share: percent(probability) })}</small>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Confusion(props: { report: EpochReport; classes: readonly string[] }) {
  const { report, classes } = props
  const most = Math.max(...report.confusion.flat())
  return (
    <section aria-label={t('run.confusion')}>
      <h3>{t('run.confusionTitle', { epoch: report.epoch })}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
      <section class="scroll" aria-label={t('run.confusionTable')} tabIndex={0}>
        <table class="confusion">
          <thead>
            <tr>
              <td>{t('run.corner')}</td>
              {classes.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {report.confusion.map((row, label) => (
              <tr key={classes[label]}>
                <th scope="row">{classes[label]}</th>
                {row.map((number, found) => (
                  <td
                    key={classes[found]}
                    class={label === found ? 'right' : number > 0 ? 'wrong' : ''}
                    style={{ '--share': `${Math.round((60 * number) / most)}%` }}
                  >
                    {number}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  )
}

/** At most `count` points: means over equal stretches. */
function smoothed(steps: readonly StepReport[], count: number): { x: number[]; y: number[] } {
  const stretch = Math.max(1, Math.ceil(steps.length / count))
  const [x, y]: [number[], number[]] = [[], []]
  for (let first = 0; first < steps.length; first += stretch) {
    const part = steps.slice(first, first + stretch)
    x.push(part.at(-1)!.step)
    y.push(mean(part.map(({ loss }) => loss)))
  }
  return { x, y }
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
