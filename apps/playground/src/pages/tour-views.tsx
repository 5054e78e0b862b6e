// What the tour shows beside its texts, apart from the network itself: what each layer learns, curves, half a layer dropped,
// cuts of a picture, the network as code.
import { useEffect, useState } from 'preact/hooks'
import { address, choose } from '../address.ts'
import { Augmented } from '../components/augmented.tsx'
import { Bars } from '../components/bars.tsx'
import { Chart, lineColors } from '../components/chart.tsx'
import { Message } from '../components/message.tsx'
import { usePicture } from '../components/picture-strip.tsx'
import { shortName, TwoGpus } from '../components/two-gpus.tsx'
import type { Pixels, SwitchOffView } from '../engine/protocol.ts'
import type { LearnedLayer, VariantTable } from '../engine/tables.ts'
import { engine, messageOf, session } from '../session.ts'
import { useStore } from '../store.ts'
import { number, percent, t } from '../text/text.ts'
import { codeLines, torchCode } from '../torch-code.ts'
import { previewAugmentation } from '../training.ts'

/** The table of the variant that the address names, and how to take another. */
function useTable(first: string) {
  const { status } = useStore(session)
  const variant = useStore(address).fields.variant ?? first
  const [table, setTable] = useState<VariantTable>()
  const [problem, setProblem] = useState('')
  useEffect(() => {
    // The worker answers as soon as it has a model.
    if (status !== 'ready') return
    let stale = false
    setProblem('')
    engine()
      .table(variant)
      .then(
        (found) => !stale && setTable(found),
        (error) => !stale && setProblem(messageOf(error)),
      )
    return () => {
      stale = true
    }
  }, [variant, status])
  const choice = problem ? (
    <Message kind="problem">{problem}</Message>
  ) : (
    table && (
      <label>
        {t('tour:variant')}
        <select
          value={variant}
          onChange={(event) => choose({ variant: event.currentTarget.value })}
        >
          {table.variants.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
    )
  )
  return { table, choice }
}

/**
 * How many numbers each layer learns, worked out.
 *
 * @param props.areCards whether it is drawn on two cards, too
 */
export function Parameters(props: { areCards: boolean }) {
  const { table, choice } = useTable('paper')
  return (
    <>
      {choice}
      {table && (
        <>
          <p class="quiet">{table.architecture.description}</p>
          {props.areCards && <TwoGpus layers={table.layers} />}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
          <section class="scroll" aria-label={t('tour:parameters')} tabIndex={0}>
            <table class="counted">
              <thead>
                <tr>
                  <th scope="col">{t('tour:layer')}</th>
                  <th scope="col">{t('tour:sum')}</th>
                  <th scope="col">{t('tour:parameters')}</th>
                  <th scope="col">{t('tour:share')}</th>
                </tr>
              </thead>
              <tbody>
                {table.layers.map((layer, index) => (
                  <tr key={layer.name}>
                    <th scope="row">
                      {shortName(layer.weight, index)} <small>{layer.name}</small>
                    </th>
                    <td>{workedOut(layer)}</td>
                    <td>{number(layer.parameters)}</td>
                    <td>
                      <span
                        class="part"
                        style={{ width: `${(4 * layer.parameters) / table.parameters}rem` }}
                      />
                      {percent(layer.parameters / table.parameters)}
                    </td>
                  </tr>
                ))}
              </tbody>
              <tfoot>
                <tr>
                  <th scope="row" colSpan={2}>
                    {t('tour:total')}
                  </th>
                  <td data-testid="total">{number(table.parameters)}</td>
                  <td />
                </tr>
              </tfoot>
            </table>
          </section>
        </>
      )}
    </>
  )
}

/** `256 × 5 × 5 × 96 ÷ 2 + 256`: filters, window, channels before, groups, biases. */
function workedOut({ weight, groups }: LearnedLayer): string {
  const [outputs, inputs, height, width] = weight as [number, number, number?, number?]
  const n = (value: number) => number(value)
  if (height === undefined || width === undefined) {
    return `${n(inputs)} × ${n(outputs)} + ${n(outputs)}`
  }
  const divided = groups > 1 ? ` ÷ ${groups}` : ''
  return `${n(outputs)} × ${height} × ${width} × ${n(inputs * groups)}${divided} + ${n(outputs)}`
}

/** Inputs of the curves. */
const inputs = Array.from({ length: 97 }, (_, index) => -6 + index / 8)
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))
const curves = [
  { label: 'ReLU', value: (x: number) => Math.max(0, x), slope: (x: number) => (x > 0 ? 1 : 0) },
  { label: 'sigmoid', value: sigmoid, slope: (x: number) => sigmoid(x) * (1 - sigmoid(x)) },
  { label: 'tanh', value: Math.tanh, slope: (x: number) => 1 - Math.tanh(x) ** 2 },
]
const lines = (of: 'value' | 'slope') =>
  curves.map((curve, index) => ({
    label: curve.label,
    color: lineColors[index]!,
    values: inputs.map(curve[of]),
  }))
const [values, slopes] = [lines('value'), lines('slope')]

/** The three functions, and their slopes, by which learning multiplies. */
export function Functions() {
  return (
    <div class="columns">
      <Chart
        label={t('tour:functionsAlt')}
        x={inputs}
        xLabel={t('tour:input')}
        yLabel={t('tour:function')}
        lines={values}
        range={[-1.2, 3]}
      />
      <Chart
        label={t('tour:slopesAlt')}
        x={inputs}
        xLabel={t('tour:input')}
        yLabel={t('tour:slope')}
        lines={slopes}
        range={[-0.1, 1.2]}
      />
    </div>
  )
}

/** The answer without a random half of the last hidden layer, as a step of training has it. */
export function Half() {
  const image = usePicture()
  const { status, version } = useStore(session)
  const [drawn, setDrawn] = useState(0)
  const [view, setView] = useState<SwitchOffView & { text: string }>()
  const [problem, setProblem] = useState('')
  useEffect(() => {
    if (!image || status !== 'ready') return
    let stale = false
    const show = async () => {
      const layers = await engine().layers()
      const last = layers.findLastIndex(({ kind }) => kind === 'linear')
      const hidden = layers
        .slice(0, last)
        .findLast(({ kind }) => kind === 'relu' || kind === 'tanh')
      if (!hidden) return
      const all = hidden.shape.at(-1)!
      const channels = Array.from({ length: all }, (_, unit) => unit).filter(
        () => Math.random() < 0.5,
      )
      const found = await engine().switchOff(image, [{ layer: hidden.name, channels }])
      const text = t('tour:dropped', { off: channels.length, all, layer: hidden.name })
      if (!stale) setView({ ...found, text })
    }
    show().catch((error) => !stale && setProblem(messageOf(error)))
    return () => {
      stale = true
    }
  }, [image?.id, status, version, drawn])
  return (
    <>
      <button type="button" disabled={!view} onClick={() => setDrawn(drawn + 1)}>
        {t('tour:dropAnew')}
      </button>
      {problem && <Message kind="problem">{problem}</Message>}
      {view && (
        <div class="columns">
          <figure>
            <figcaption>{t('look.whole')}</figcaption>
            <Bars top={view.whole} />
          </figure>
          <figure>
            <figcaption>{view.text}</figcaption>
            <Bars top={view.without} />
          </figure>
        </div>
      )}
    </>
  )
}

/** One picture as training sees it, again and again. */
export function Cuts() {
  const { status } = useStore(session)
  const [cuts, setCuts] = useState<readonly Pixels[]>([])
  const [problem, setProblem] = useState('')
  const cut = () => previewAugmentation().then(setCuts, (error) => setProblem(messageOf(error)))
  useEffect(() => {
    if (status === 'ready' && cuts.length === 0) void cut()
  }, [status])
  return (
    <>
      <button type="button" disabled={cuts.length === 0} onClick={() => void cut()}>
        {t('tour:anew')}
      </button>
      {problem && <Message kind="problem">{problem}</Message>}
      <Augmented pictures={cuts} />
    </>
  )
}

/** The network as the table that it is built from, and as PyTorch has it. */
export function Code() {
  const { table, choice } = useTable('torchvision')
  const written = table && codeLines(table.architecture, table.layers)
  const whole = written && torchCode(written)
  return (
    <>
      {choice}
      {written && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
        <section class="scroll" aria-label={t('tour:theirs')} tabIndex={0}>
          <table class="code">
            <thead>
              <tr>
                <th scope="col">{t('tour:layer')}</th>
                <th scope="col">{t('tour:ours')}</th>
                <th scope="col">{t('tour:theirs')}</th>
              </tr>
            </thead>
            <tbody>
              {written.map(({ name, ours, theirs }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>
                    <code>{ours}</code>
                  </td>
                  <td>{theirs ? <code>{theirs}</code> : '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {whole && (
        <details>
          <summary>{t('tour:theirs')}</summary>
          <pre>
            <code data-testid="torch">{whole}</code>
          </pre>
        </details>
      )}
    </>
  )
}
