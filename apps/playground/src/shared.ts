// The session and the address, held together: what an opened address asks for is taken, and what the visitor takes is written
// back, as far as it has a public address. A model from a file and a picture of one's own have none.
import { useEffect, useState } from 'preact/hooks'
import { address, asked, choose, type Fields } from './address.ts'
import { bundledNames } from './engine/bundled.ts'
import type { ModelSource } from './engine/protocol.ts'
import { offered } from './offered.ts'
import { sampleImages, sampleNames } from './samples.ts'
import { addImages, chooseModel, images, selected, session } from './session.ts'
import { useStore } from './store.ts'

/** Pages whose address has the model and the picture. */
const shared: readonly string[] = ['classify', 'look', 'compare', 'map']

/** The model of a name in an address; undefined where there is none. */
export function sourceNamed(name: string | undefined): ModelSource | undefined {
  // Older addresses name the file of twice the size.
  const known = name === 'cifar10' ? 'cifar10-int8' : name
  const bundled = bundledNames.find((one) => one === known)
  if (bundled) return { kind: 'bundled', name: bundled }
  const record = offered.value.find((one) => one.name === name)
  if (record) return { kind: 'download', name: record.name, record }
  return name === 'imagenet' ? { kind: 'download', name } : undefined
}

const nameOf = (source: ModelSource) => (source.kind === 'files' ? undefined : source.name)

/** Keeps both alike. @returns what the address asks for and nobody has, such as `model=none` */
export function useShared(): string {
  const [unknown, setUnknown] = useState('')
  const { status, source, loading } = useStore(session)
  const { page, fields } = useStore(address)
  const wanted = useStore(asked)
  const list = useStore(images)
  const chosen = useStore(selected)
  const isSettled = status !== 'starting' && !loading
  const sample = list.find(({ id }) => id === chosen)?.sample
  const done = (field: keyof Fields) => asked.patch({ [field]: undefined })

  useEffect(() => setUnknown(''), [page])
  useEffect(() => {
    const { model } = wanted
    if (!model || !isSettled) return
    const found = sourceNamed(model)
    setUnknown(found ? '' : `model=${model}`)
    if (found && model !== nameOf(source)) void chooseModel(found)
    done('model')
  }, [wanted.model, isSettled])
  useEffect(() => {
    const { picture, model } = wanted
    if (!picture || model || status !== 'ready' || loading) return
    const known = list.find((image) => image.sample === picture)
    if (known) selected.set(known.id)
    else if (!sampleNames().includes(picture)) setUnknown(`picture=${picture}`)
    else {
      // Asked once; once it is there, it is among those known.
      void sampleImages(page === 'classify' ? 1 : 4, picture).then((found) => {
        addImages(found.filter((one) => images.value.every(({ sample }) => sample !== one.sample)))
      })
      return
    }
    done('picture')
  }, [wanted.picture, wanted.model, status, loading, list])
  useEffect(() => {
    if (status !== 'ready' || loading || wanted.model || wanted.picture) return
    if (!shared.includes(page)) return
    const model = nameOf(source)
    // Units, parts and classes are those of a network.
    const isOther = fields.model !== undefined && fields.model !== model
    choose({
      model,
      picture: sample,
      ...(isOther && { unit: '', off: '', map: fields.map?.split(':')[0] }),
    })
  }, [status, loading, source, sample, page, wanted])
  return unknown
}
