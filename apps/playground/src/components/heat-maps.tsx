// Which parts of the picture speak for a class, by the method chosen.
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
import { Message } from './message.tsx'
import { PixelView } from './pixels.tsx'

export function HeatMaps(props: { image: PageImage; model: ModelInfo; version: number }) {
  const { image, model, version } = props
  const id = useId()
  const [asked = '', ofClass] = useStore(address).fields.map?.split(':') ?? []
  const method = heatMethods.find((name) => name === asked) ?? 'grad-cam'
  const target =
    ofClass !== undefined && Number(ofClass) in model.labels ? Number(ofClass) : undefined
  const show = (chosen: HeatMethod, index?: number) =>
    choose({ map: index === undefined ? chosen : `${chosen}:${index}` })
  const [seen, setSeen] = useState<Pixels>()
  const [heat, setHeat] = useState<{ pixels: Pixels; label: string; method: HeatMethod }>()
  const [message, setMessage] = useState<{ kind: 'busy' | 'problem'; text: string }>()

  useEffect(() => {
    let stale = false
    const compute = async () => {
      setMessage({ kind: 'busy', text: t('heat.computing') })
      const onProgress = proxy((done: number, total: number) => {
        if (!stale) setMessage({ kind: 'busy', text: t('heat.computingOf', { done, total }) })
      })
      const likeliest = (await engine().classify(image, { topK: 1 })).top[0]!.index
      const index = target ?? likeliest
      const picture = await engine().asSeen(image)
      const pixels = await engine().heat(image, method, index, onProgress)
      if (stale) return
      setSeen(picture)
      setHeat({ pixels, label: model.labels[index] ?? t('heat.classIndex', { index }), method })
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
  }, [image.id, method, target, version])

  return (
    <section aria-label={t('heat.label')}>
      <h2>{t('heat.title')}</h2>
      <div class="fields">
        <label htmlFor={`${id}-method`}>
          {t('heat.method')}
          <select
            id={`${id}-method`}
            value={method}
            onChange={(event) => show(event.currentTarget.value as HeatMethod, target)}
          >
            {heatMethods.map((name) => (
              <option key={name} value={name}>
                {t(`heat.${name}`)}
              </option>
            ))}
          </select>
        </label>
        <label htmlFor={`${id}-class`}>
          {t('heat.class')}
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
      {message && <Message kind={message.kind}>{message.text}</Message>}
      <div class="columns">
        {seen && (
          <figure>
            <figcaption>{t('heat.seen')}</figcaption>
            <PixelView pixels={seen} alt={t('heat.seen')} class="shown" />
          </figure>
        )}
        {heat && (
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
