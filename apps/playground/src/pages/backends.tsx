// Backends: which run on this device, whether they are right, how fast they are, and how far they agree.
import { proxy } from 'comlink'
import { useRef, useState } from 'preact/hooks'
import { startWorker } from '../client.ts'
import { download } from '../components/download.ts'
import { Message } from '../components/message.tsx'
import type { Measurement, Stage } from '../engine/measure.ts'
import { type BackendName, backendNames } from '../engine/protocol.ts'
import { messageOf } from '../session.ts'
import { number, t } from '../text/text.ts'

type Row = Measurement | { name: BackendName; stage: Stage | 'waiting' }

export function BackendsPage() {
  const [rows, setRows] = useState<Row[]>([])
  const [busy, setBusy] = useState(false)
  const stopped = useRef(false)
  const put = (row: Row) =>
    setRows((before) => [...before.filter(({ name }) => name !== row.name), row])
  const measureAll = async () => {
    stopped.current = false
    setRows([])
    setBusy(true)
    for (const name of backendNames) {
      if (stopped.current) break
      put({ name, stage: 'waiting' })
      put(await measure(name, (stage) => put({ name, stage })))
    }
    setBusy(false)
  }
  const done = rows.filter((row): row is Measurement => !('stage' in row))
  return (
    <>
      <p>
        {t('backends.about')}{' '}
        {crossOriginIsolated
          ? t('backends.threads', { threads: navigator.hardwareConcurrency })
          : t('backends.oneThread')}
      </p>
      <div class="row">
        <button type="button" disabled={busy} aria-busy={busy} onClick={() => void measureAll()}>
          {t(busy ? 'backends.measuring' : 'backends.measure')}
        </button>
        {busy && (
          <button type="button" class="secondary" onClick={() => (stopped.current = true)}>
            {t('backends.stop')}
          </button>
        )}
        {done.length > 0 && !busy && (
          <button
            type="button"
            class="outline"
            onClick={() => download('backends.json', report(done))}
          >
            {t('backends.save')}
          </button>
        )}
      </div>
      {rows.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
        <section class="scroll" aria-label={t('backends.table')} tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t('backends.backend')}</th>
                <th scope="col">{t('backends.selfCheck')}</th>
                <th scope="col">{t('backends.one')}</th>
                <th scope="col">{t('backends.sixteen')}</th>
                <th scope="col">{t('backends.step')}</th>
                <th scope="col">{t('backends.differs')}</th>
              </tr>
            </thead>
            <tbody aria-live="polite">
              {rows.map((row) => (
                <Result
                  key={row.name}
                  row={row}
                  reference={done.find(({ name }) => name === 'cpu')}
                />
              ))}
            </tbody>
          </table>
        </section>
      )}
      <p class="quiet">{t('backends.times')}</p>
    </>
  )
}

function Result(props: { row: Row; reference: Measurement | undefined }) {
  const { row, reference } = props
  const head = <th scope="row">{t(`backend.${row.name}`)}</th>
  if ('stage' in row) {
    return (
      <tr data-testid={`backend-${row.name}`}>
        {head}
        <td colSpan={5}>
          <Message kind="busy">{t(`backends.${row.stage}`)}</Message>
        </td>
      </tr>
    )
  }
  if (row.unusable) {
    return (
      <tr data-testid={`backend-${row.name}`}>
        {head}
        <td colSpan={5}>{row.unusable}</td>
      </tr>
    )
  }
  const { selfCheck, inference = [], training, device, features = [] } = row
  const worst = Math.max(0, ...(selfCheck?.results.map(({ error }) => error) ?? []))
  const difference = reference && row !== reference ? disagreement(row, reference) : undefined
  return (
    <tr data-testid={`backend-${row.name}`}>
      <th scope="row">
        {t(`backend.${row.name}`)}
        <br />
        <small>
          {device}
          {features.length > 0 && `; ${features.join(', ')}`}
        </small>
      </th>
      <td>
        {t(selfCheck?.passed ? 'backends.passed' : 'backends.failed')}
        <br />
        <small class="whole">{t('backends.worst', { error: worst.toExponential(1) })}</small>
      </td>
      {inference.map(({ batch, milliseconds }) => (
        <td key={batch}>
          {number(milliseconds, { minimumFractionDigits: 1, maximumFractionDigits: 1 })}
        </td>
      ))}
      <td>
        {training?.milliseconds.toFixed(0)}
        <br />
        <small>{t('backends.pictures', { count: training?.batch ?? 0 })}</small>
      </td>
      <td>{difference === undefined ? '–' : difference.toExponential(1)}</td>
    </tr>
  )
}

/** Largest difference of the logits, relative to the largest logit. */
export function disagreement(one: Measurement, other: Measurement): number {
  const [a, b] = [one.logits ?? [], other.logits ?? []]
  const scale = Math.max(...b.map(Math.abs))
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!))) / scale
}

async function measure(name: BackendName, onStage: (stage: Stage) => void): Promise<Measurement> {
  let crash: (reason: string) => void = () => {}
  const crashed = new Promise<Measurement>((resolve) => {
    crash = (reason) => resolve({ name, unusable: t('backends.crashed', { reason }) })
  })
  const client = startWorker('measurer', crash)
  try {
    return await Promise.race([client.job.measure(name, proxy(onStage)), crashed])
  } catch (error) {
    return { name, unusable: messageOf(error) }
  } finally {
    client.stop()
  }
}

function report(done: readonly Measurement[]): string {
  const { userAgent, hardwareConcurrency } = navigator
  const machine = { userAgent, hardwareConcurrency, crossOriginIsolated }
  return `${JSON.stringify({ date: new Date().toISOString(), machine, backends: done }, null, 2)}\n`
}
