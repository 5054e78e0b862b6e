// What a unit's channel likes: the patches that excite it most, a picture grown for it, and the pictures that the network finds
// alike to the one that is looked at. Computed once it is opened.
import { proxy } from 'comlink'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Alike, LayerInfo, LikedPatch, PageImage, Pixels } from '../engine/protocol.ts'
import { sampleImages } from '../samples.ts'
import { engine, images, messageOf } from '../session.ts'
import { Store, useStore } from '../store.ts'
import { number, t } from '../text/text.ts'
import { Message } from './message.tsx'
import { PixelView } from './pixels.tsx'
import { Thumbnail } from './thumbnail.tsx'

/** Pictures that are looked through: each goes through the network. */
const MOST = 100

// Outside of the component: it stays open from unit to unit.
const isOpen = new Store(false)

interface Asked {
  image: PageImage
  layer: LayerInfo
  channel: number
  version: number
}

/** @param props.named what the channel is called, where it is a class */
export function Likes(props: Asked & { named: string | undefined }) {
  const { layer, channel, named } = props
  const open = useStore(isOpen)
  return (
    <details open={open} onToggle={(event) => isOpen.set(event.currentTarget.open)}>
      <summary>
        {named === undefined ? t('likes.title', { channel }) : t('likes.titleClass', { named })}
      </summary>
      {open && <Parts key={`${layer.name} ${channel}`} {...props} />}
    </details>
  )
}

function Parts({ image, layer, channel, version }: Asked) {
  const pictures = usePictures(version)
  return (
    <div class="columns">
      {pictures && (
        <Patches layer={layer} channel={channel} version={version} pictures={pictures} />
      )}
      <Grown layer={layer} channel={channel} version={version} />
      {pictures && <AlikePictures image={image} version={version} pictures={pictures} />}
    </div>
  )
}

/** The pictures at hand and the samples that are not among them. */
function usePictures(version: number): PageImage[] | undefined {
  const own = useStore(images)
  const [samples, setSamples] = useState<PageImage[]>()
  useEffect(() => {
    let stale = false
    void sampleImages().then(
      (found) => !stale && setSamples(found.map((one) => ({ ...one, id: `sample ${one.sample}` }))),
      () => !stale && setSamples([]),
    )
    return () => {
      stale = true
    }
  }, [version])
  if (!samples) return undefined
  const others = samples.filter((one) => own.every(({ sample }) => sample !== one.sample))
  return [...own, ...others].slice(0, MOST)
}

const idsOf = (pictures: readonly PageImage[]) => pictures.map(({ id }) => id).join(' ')

function Patches(props: Omit<Asked, 'image'> & { pictures: PageImage[] }) {
  const { layer, channel, version, pictures } = props
  const [patches, setPatches] = useState<LikedPatch[]>()
  const [problem, setProblem] = useState('')
  useEffect(() => {
    let stale = false
    setProblem('')
    engine()
      .likedPatches(pictures, layer.name, channel)
      .then(
        (found) => !stale && setPatches(found),
        (error) => !stale && setProblem(messageOf(error)),
      )
    return () => {
      stale = true
    }
  }, [idsOf(pictures), version])
  return (
    <figure>
      <figcaption>{t('likes.patches', { count: pictures.length })}</figcaption>
      {problem && <Message kind="problem">{problem}</Message>}
      {!patches && !problem && <Message kind="busy">{t('heat.computing')}</Message>}
      <div class="nine">
        {patches?.map(({ name, activation, pixels }, rank) => (
          <small key={rank}>
            <PixelView pixels={pixels} class="liked" alt={t('likes.patch', { name })} />
            {number(activation, { maximumSignificantDigits: 3 })}
          </small>
        ))}
      </div>
    </figure>
  )
}

/** The picture as it grows: begun and stopped by the same button. */
function Grown(props: { layer: LayerInfo; channel: number; version: number }) {
  const { layer, channel, version } = props
  const [grown, setGrown] = useState<{ pixels: Pixels; step: number; steps: number }>()
  const [isGrowing, setGrowing] = useState(false)
  const [problem, setProblem] = useState('')
  // Which growth is the page's: an older one that still runs is told to end.
  const current = useRef(0)
  useEffect(
    () => () => {
      current.current++
      setGrowing(false)
      setGrown(undefined)
    },
    [version],
  )
  const begin = () => {
    const own = ++current.current
    const isOurs = () => current.current === own
    setProblem('')
    setGrowing(true)
    const show = proxy(async (pixels: Pixels, step: number, steps: number) => {
      if (isOurs()) setGrown({ pixels, step, steps })
      return isOurs()
    })
    engine()
      .grow(layer.name, channel, show)
      .catch((error) => isOurs() && setProblem(messageOf(error)))
      .then(() => isOurs() && setGrowing(false))
  }
  const stop = () => {
    current.current++
    setGrowing(false)
  }
  return (
    <figure>
      <figcaption>{t('likes.grown')}</figcaption>
      <p class="row">
        <button type="button" class="outline" onClick={isGrowing ? stop : begin}>
          {t(isGrowing ? 'likes.stop' : 'likes.grow')}
        </button>
        {grown && <span class="quiet">{t('likes.step', grown)}</span>}
      </p>
      {problem && <Message kind="problem">{problem}</Message>}
      {grown && (
        <PixelView pixels={grown.pixels} class="seen" alt={t('likes.grownAlt', { channel })} />
      )}
    </figure>
  )
}

function AlikePictures(props: { image: PageImage; version: number; pictures: PageImage[] }) {
  const { image, version, pictures } = props
  const [found, setFound] = useState<Alike[]>()
  const [problem, setProblem] = useState('')
  useEffect(() => {
    let stale = false
    setProblem('')
    const others = pictures.filter(({ id }) => id !== image.id)
    engine()
      .alike(image, others)
      .then(
        (near) => !stale && setFound(near),
        (error) => !stale && setProblem(messageOf(error)),
      )
    return () => {
      stale = true
    }
  }, [image.id, idsOf(pictures), version])
  return (
    <figure>
      <figcaption>{t('likes.alike', { name: image.name })}</figcaption>
      {problem && <Message kind="problem">{problem}</Message>}
      {!found && !problem && <Message kind="busy">{t('heat.computing')}</Message>}
      <ol class="strip alike">
        {found?.map(({ id, distance }) => {
          const picture = pictures.find((one) => one.id === id)
          return (
            picture && (
              <li key={id}>
                <Thumbnail blob={picture.blob} alt={picture.name} />
                <small>
                  {t('likes.distance', {
                    distance: number(distance, { maximumSignificantDigits: 3 }),
                  })}
                </small>
              </li>
            )
          )
        })}
      </ol>
    </figure>
  )
}
