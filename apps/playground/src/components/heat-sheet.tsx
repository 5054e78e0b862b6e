// Every method's map of one picture for one class, side by side: each as soon as it is computed.
import { useEffect, useState } from 'preact/hooks'
import { type HeatMethod, heatMethods, type PageImage, type Pixels } from '../engine/protocol.ts'
import { engine, messageOf } from '../session.ts'
import { t } from '../text/text.ts'
import { Message } from './message.tsx'
import { PixelView } from './pixels.tsx'

type Found = { pixels: Pixels } | { problem: string }

/** @param props.target the class; undefined until it is known */
export function HeatSheet(props: {
  image: PageImage
  target: number | undefined
  label: string
  version: number
}) {
  const { image, target, label, version } = props
  const [found, setFound] = useState<ReadonlyMap<HeatMethod, Found>>(new Map())
  useEffect(() => {
    setFound(new Map())
    if (target === undefined) return
    let stale = false
    const compute = async () => {
      for (const method of heatMethods) {
        const one: Found = await engine()
          .heat(image, method, target)
          .then(
            (pixels) => ({ pixels }),
            (error) => ({ problem: messageOf(error) }),
          )
        if (stale) return
        setFound((before) => new Map([...before, [method, one]]))
      }
    }
    void compute()
    return () => {
      stale = true
    }
  }, [image.id, target, version])
  return (
    <>
      {heatMethods.map((method) => {
        const one = found.get(method)
        return (
          <figure key={method}>
            <figcaption>{t(`heat.${method}`)}</figcaption>
            {!one && <Message kind="busy">{t('heat.computing')}</Message>}
            {one && 'problem' in one && <Message kind="problem">{one.problem}</Message>}
            {one && 'pixels' in one && (
              <PixelView pixels={one.pixels} alt={t('heat.alt', { method, label })} class="shown" />
            )}
          </figure>
        )
      })}
    </>
  )
}
