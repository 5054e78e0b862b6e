// Which parts of the picture speak for a class, by the method chosen or by all of them.
import { proxy } from 'comlink'
import { useEffect, useId, useState } from 'preact/hooks'
import { address, choose } from '../address.ts'
import {
  type HeatMethod,
  heatMethods,
  type ModelInfo,
  type PageImage,
  type Pixels,
} from '../engine/protocol.ts'
import { engine, messageOf } from '../session.ts'
import { useStore } from '../store.ts'
import { t } from '../text/text.ts'
import { HeatSheet } from './heat-sheet.tsx'
import { Message } from './message.tsx'
import { PixelView } from './pixels.tsx'

/** In the address and the list: every method. */
const ALL = 'all'

export function HeatMaps(props: { image: PageImage; model: ModelInfo; version: number }) {
  const { image, model, version } = props
  const id = useId()
  const [asked = '', ofClass] = useStore(address).fields.map?.split(':') ?? []
  const method = heatMethods.find((name) => name === asked) ?? 'grad-cam'
  const target =
    ofClass !== undefined && Number(ofClass) in model.labels ? Number(ofClass) : undefined
  const isAll = asked === ALL
  const show = (chosen: HeatMethod | typeof ALL, index?: number) =>
    choose({ map: index === undefined ? chosen : `${chosen}:${index}` })
  const [seen, setSeen] = useState<Pixels>()
  // The class that is explained: the one chosen, or the likeliest.
  const [explained, setExplained] = useState<number>()
  const [heat, setHeat] = useState<{ pixels: Pixels; label: string; method: HeatMethod }>()
  const [message, setMessage] = useState<{ kind: 'busy' | 'problem'; text: string }>()

  useEffect(() => {
    let stale = false
    setExplained(undefined)
    const compute = async () => {
      setMessage({ kind: 'busy', text: t('heat.computing') })
      const onProgress = proxy((done: number, total: number) => {
        if (!stale) setMessage({ kind: 'busy', text: t('heat.computingOf', { done, total }) })
      })
      const likeliest = (await engine().classify(image, { topK: 1 })).top[0]!.index
      const index = target ?? likeliest
      const picture = await engine().asSeen(image)
      if (stale) return
      setExplained(index)
      setSeen(picture)
      if (isAll) return setMessage(undefined)
      const pixels = await engine().heat(image, method, index, onProgress)
      if (stale) return
      setHeat({ pixels, label: labelOf(model, index), method })
      setMessage(undefined)
    }
    compute().catch((error) => {
      if (stale) return
      setHeat(undefined)
      setMessage({ kind: 'problem', text: messageOf(error) })
    })
    return () => {
      stale = true
    }
  }, [image.id, method, isAll, target, version])

  return (
    <section aria-label={t('heat.label')}>
      <h2>{t('heat.title')}</h2>
      <div class="fields">
        <label htmlFor={`${id}-method`}>
          {t('heat.method')}
          <select
            id={`${id}-method`}
            value={isAll ? ALL : method}
            onChange={(event) => show(event.currentTarget.value as HeatMethod, target)}
          >
            <option value={ALL}>{t('heat.all')}</option>
            {heatMethods.map((name) => (
              <option key={name} value={name}>
                {t(`heat.${name}`)}
              </option>
            ))}
          </select>
        </label>
        <label htmlFor={`${id}-class`}>
          {t('heat.explained')}
          <select
            id={`${id}-class`}
            value={target ?? ''}
            onChange={(event) => {
              const { value } = event.currentTarget
              show(method, value === '' ? undefined : Number(value))
            }}
          >
            <option value="">{t('heat.likeliest')}</option>
            {model.labels.map((label, index) => (
              <option key={index} value={index}>
                {label}
              </option>
            ))}
          </select>
        </label>
      </div>
      <p>
        <button
          type="button"
          class="outline"
          aria-pressed={isAll}
          onClick={() => show(isAll ? 'grad-cam' : ALL, target)}
        >
          {t('heat.all')}
        </button>
      </p>
      {isAll && explained !== undefined && (
        <p>
          {t('heat.for')} <strong>{labelOf(model, explained)}</strong>
        </p>
      )}
      {message && <Message kind={message.kind}>{message.text}</Message>}
      <div class="columns">
        {seen && (
          <figure>
            <figcaption>{t('heat.seen')}</figcaption>
            <PixelView pixels={seen} alt={t('heat.seen')} class="shown" />
          </figure>
        )}
        {isAll && (
          <HeatSheet
            image={image}
            target={explained}
            label={explained === undefined ? '' : labelOf(model, explained)}
            version={version}
          />
        )}
        {heat && !isAll && (
          <figure>
            <figcaption>
              {t('heat.for')} <strong>{heat.label}</strong>
            </figcaption>
            <PixelView pixels={heat.pixels} alt={t('heat.alt', heat)} class="shown" />
          </figure>
        )}
      </div>
    </section>
  )
}

const labelOf = ({ labels }: ModelInfo, index: number) =>
  labels[index] ?? t('heat.classIndex', { index })
