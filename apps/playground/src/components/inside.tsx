// The network at work on a picture: its layers, one of them closely, and the answer without parts of it. What is chosen is
// in the page's address.
import { useEffect, useMemo, useState } from 'preact/hooks'
import '../look.css'
import { address, choose, formatParts, parseParts, wholeNumbers } from '../address.ts'
import type { LayerFace, LayerInfo, Part } from '../engine/protocol.ts'
import { engine, session } from '../session.ts'
import { useStore } from '../store.ts'
import { LayerView } from './layer-view.tsx'
import { Network } from './network.tsx'
import { usePicture } from './picture-strip.tsx'
import type { Place } from './places.ts'
import { SwitchedOff } from './switched-off.tsx'

/** @param props.first which layer is looked at where none was chosen; the first one where left out */
export function Inside(props: { first?: (layers: readonly LayerInfo[]) => LayerInfo | undefined }) {
  const image = usePicture()
  const { fields } = useStore(address)
  const { status, version } = useStore(session)
  const [all, setAll] = useState<{ layers: LayerInfo[]; version: number }>()
  const ready = status === 'ready'
  useEffect(() => {
    if (!ready) return
    void engine()
      .layers()
      .then((layers) => setAll({ layers, version }))
  }, [ready, version])
  const layers = all?.layers ?? []
  const parts = useMemo(
    () => parseParts(fields.off).filter((part) => isPart(part, layers)),
    [fields.off, all],
  )
  const layer =
    layers.find(({ name }) => name === fields.layer) ?? props.first?.(layers) ?? layers[0]
  const [faces, setFaces] = useState<{ found: readonly LayerFace[]; of: typeof all }>()
  const seen = ready && all?.version === version ? image : undefined
  useEffect(() => {
    if (!seen) return
    let stale = false
    // What goes wrong is said by the layer that is looked at.
    engine()
      .faces(seen, parts)
      .then(
        (found) => !stale && setFaces({ found, of: all }),
        () => {},
      )
    return () => {
      stale = true
    }
  }, [seen?.id, formatParts(parts), all])
  const onParts = (next: Part[]) => choose({ off: formatParts(next) })
  return (
    <>
      <Network
        layers={layers}
        chosen={layer?.name ?? ''}
        parts={parts}
        faces={faces && faces.of === all ? faces.found : []}
        onChoose={(name) => choose({ layer: name, unit: '' })}
      />
      {ready && image && layer && all?.version === version && (
        <>
          <LayerView
            key={`${layer.name} ${version}`}
            image={image}
            layer={layer}
            parts={parts}
            onParts={onParts}
            pinned={placeOf(fields.unit, layer)}
            onPin={(place) =>
              choose({ layer: layer.name, unit: place ? textOf(place, layer) : '' })
            }
            version={version}
          />
          <SwitchedOff image={image} parts={parts} onParts={onParts} version={version} />
        </>
      )}
    </>
  )
}

/** Whether the network has it. */
function isPart({ layer, channels = [] }: Part, layers: readonly LayerInfo[]): boolean {
  const found = layers.find(({ name }) => name === layer)
  return found !== undefined && channels.every((channel) => channel < found.shape.at(-1)!)
}

/** A unit as an address has it: channel, row, column; undefined where the layer has none there. */
function placeOf(text: string | undefined, { shape }: LayerInfo): Place | undefined {
  const [channel, row = 0, column = 0] = wholeNumbers(text)
  const [height, width] = shape.length === 3 ? [shape[0]!, shape[1]!] : [1, 1]
  if (channel === undefined || channel >= shape.at(-1)! || row >= height || column >= width) return
  return { channel, row, column }
}

const textOf = ({ channel, row, column }: Place, { shape }: LayerInfo) =>
  shape.length === 3 ? `${channel},${row},${column}` : `${channel}`
