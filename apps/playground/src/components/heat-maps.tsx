// Which parts of the picture speak for a class, by the method chosen.
import { proxy } from 'comlink'
import { useEffect, useId, useState } from 'preact/hooks'
import {
  type HeatMethod,
  heatMethods,
  type ModelInfo,
  type PageImage,
  type Pixels,
} from '../engine/protocol.ts'
import { engine, messageOf } from '../session.ts'
import { Message } from './message.tsx'
import { PixelView } from './pixels.tsx'

export function HeatMaps(props: { image: PageImage; model: ModelInfo; version: number }) {
  const { image, model, version } = props
  const id = useId()
  const [method, setMethod] = useState<HeatMethod>('grad-cam')
  const [target, setTarget] = useState<number>()
  const [seen, setSeen] = useState<Pixels>()
  const [heat, setHeat] = useState<{ pixels: Pixels; label: string }>()
  const [message, setMessage] = useState<{ kind: 'busy' | 'problem'; text: string }>()

  useEffect(() => setTarget(undefined), [version])
  useEffect(() => {
    let stale = false
    const show = async () => {
      setMessage({ kind: 'busy', text: 'Computing …' })
      const onProgress = proxy((done: number, total: number) => {
        if (!stale) setMessage({ kind: 'busy', text: `Computing: ${done} of ${total}` })
      })
      const likeliest = (await engine().classify(image, { topK: 1 })).top[0]!.index
      const index = target ?? likeliest
      const picture = await engine().asSeen(image)
      const pixels = await engine().heat(image, method, index, onProgress)
      if (stale) return
      setSeen(picture)
      setHeat({ pixels, label: model.labels[index] ?? `class ${index}` })
      setMessage(undefined)
    }
    show().catch((error) => {
      if (stale) return
      setHeat(undefined)
      setMessage({ kind: 'problem', text: messageOf(error) })
    })
    return () => {
      stale = true
    }
  }, [image.id, method, target, version])

  return (
    <section aria-label="Heat maps">
      <h2>What speaks for a class</h2>
      <div class="fields">
        <label htmlFor={`${id}-method`}>
          Method
          <select
            id={`${id}-method`}
            value={method}
            onChange={(event) => setMethod(event.currentTarget.value as HeatMethod)}
          >
            {Object.entries(heatMethods).map(([name, about]) => (
              <option key={name} value={name}>
                {about}
              </option>
            ))}
          </select>
        </label>
        <label htmlFor={`${id}-class`}>
          Class
          <select
            id={`${id}-class`}
            value={target ?? ''}
            onChange={(event) => {
              const { value } = event.currentTarget
              setTarget(value === '' ? undefined : Number(value))
            }}
          >
            <option value="">the likeliest</option>
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
            <figcaption>The picture as the network gets it</figcaption>
            <PixelView pixels={seen} alt="The picture as the network gets it" class="shown" />
          </figure>
        )}
        {heat && (
          <figure>
            <figcaption>
              For <strong>{heat.label}</strong>
            </figcaption>
            <PixelView pixels={heat.pixels} alt={`${method} for ${heat.label}`} class="shown" />
          </figure>
        )}
      </div>
    </section>
  )
}
