// Look inside: the network as its tensors, what each makes of a picture, and where a class comes from.
import { useEffect } from 'preact/hooks'
import { Hands } from '../components/hands.tsx'
import { HeatMaps } from '../components/heat-maps.tsx'
import { Inside } from '../components/inside.tsx'
import { PictureSource } from '../components/picture-source.tsx'
import { PictureStrip, usePicture } from '../components/picture-strip.tsx'
import { sampleImages } from '../samples.ts'
import { addImages, addWhereNone, images, session } from '../session.ts'
import { useStore } from '../store.ts'
import { t } from '../text/text.ts'

export function LookPage() {
  const list = useStore(images)
  const image = usePicture()
  const { status, version, model } = useStore(session)
  const ready = status === 'ready'
  useEffect(() => {
    if (ready && list.length === 0) void addWhereNone(sampleImages(4))
  }, [ready, version])
  return (
    <>
      <PictureSource label="look" pasteHere onPictures={addImages} />
      <PictureStrip />
      <Hands />
      <h2>{t('look.network')}</h2>
      <p class="quiet">{t('look.networkAbout')}</p>
      <Inside />
      {ready && image && model && <HeatMaps image={image} model={model} version={version} />}
    </>
  )
}
