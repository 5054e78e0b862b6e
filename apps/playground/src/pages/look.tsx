// Look inside: the network as its tensors, what each makes of a picture, and where a class comes from.
import { useEffect, useState } from 'preact/hooks'
import { HeatMaps } from '../components/heat-maps.tsx'
import { LayerView } from '../components/layer-view.tsx'
import { Network } from '../components/network.tsx'
import { PictureSource } from '../components/picture-source.tsx'
import { SwitchedOff } from '../components/switched-off.tsx'
import { Thumbnail } from '../components/thumbnail.tsx'
import type { LayerInfo, Part } from '../engine/protocol.ts'
import { sampleImages } from '../samples.ts'
import { addImages, addWhereNone, engine, images, selected, session } from '../session.ts'
import { useStore } from '../store.ts'

/** Thumbnails in the strip. */
const FEW = 12

export function LookPage() {
  const list = useStore(images)
  const chosen = useStore(selected)
  const { status, version, model } = useStore(session)
  const [layers, setLayers] = useState<LayerInfo[]>([])
  const [name, setName] = useState('')
  const [parts, setParts] = useState<Part[]>([])
  const ready = status === 'ready'
  const image = list.find(({ id }) => id === chosen) ?? list[0]

  useEffect(() => {
    if (!ready) return
    setParts([])
    void engine()
      .layers()
      .then((all) => {
        setLayers(all)
        setName((before) => (all.some((layer) => layer.name === before) ? before : all[0]!.name))
      })
    if (list.length === 0) void addWhereNone(sampleImages(4))
  }, [ready, version])

  const layer = layers.find((candidate) => candidate.name === name)
  return (
    <>
      <PictureSource label="look" pasteHere onPictures={addImages} />
      {list.length > 0 && (
        <fieldset class="strip">
          <legend class="hidden">Picture to look at</legend>
          {around(list, list.indexOf(image!), FEW).map(({ id, name: file, blob }) => (
            <button
              key={id}
              type="button"
              class="plain"
              aria-pressed={id === image?.id}
              aria-label={file}
              onClick={() => selected.set(id)}
            >
              <Thumbnail blob={blob} alt="" />
            </button>
          ))}
        </fieldset>
      )}
      <h2>The network</h2>
      <p class="quiet">
        Each box is the tensor that a layer gives: as high as its map is wide, as thick as it has
        channels. Choose one.
      </p>
      <Network layers={layers} chosen={name} parts={parts} onChoose={setName} />
      {ready && image && layer && model && (
        <>
          <LayerView
            key={`${layer.name} ${version}`}
            image={image}
            layer={layer}
            parts={parts}
            onParts={setParts}
            version={version}
          />
          <SwitchedOff image={image} parts={parts} onParts={setParts} version={version} />
          <HeatMaps image={image} model={model} version={version} />
        </>
      )}
    </>
  )
}

/** At most `count` of a list, one of them in their midst. */
function around<T>(list: readonly T[], index: number, count: number): readonly T[] {
  const first = Math.max(0, Math.min(index - Math.floor(count / 2), list.length - count))
  return list.slice(first, first + count)
}
