// From what the user chose to a model that is ready; the page's own bundled models, and those that its owner offers,
// are records handed to openModel.
import { type Model, openModel } from '@alexnet/model'
import type { WeightRecord } from '@alexnet/weights'
import { bundledModels } from './bundled.ts'
import { fetchPieces } from './pieces.ts'
import type { ModelSource, OfferedFile, OnProgress } from './protocol.ts'

/** Loads a model. @throws Error that names the file and says what to do */
export async function loadModel(
  source: ModelSource,
  onProgress?: OnProgress,
  signal?: AbortSignal,
): Promise<Model> {
  if (source.kind === 'files') return openModel(source.files, { signal })
  const offered = source.kind === 'download' ? source.record : undefined
  if (offered && 'pieces' in offered) {
    return openModel(await fetchPieces(offered.pieces, onProgress, signal), { signal })
  }
  if (source.kind === 'download') {
    return openModel(offered ? recordOf(offered) : source.name, {
      onProgress: ({ received, total }) => onProgress?.(received, total),
      signal,
    })
  }
  const record = bundledModels.find(({ name }) => name === source.name)
  if (!record) throw new Error(`no model '${source.name}' comes with this page`)
  const { bytes } = source
  return openModel(bytes ? { ...record, load: async () => bytes } : record)
}

const recordOf = (offered: OfferedFile): WeightRecord => ({
  ...offered,
  classes: offered.labels.length,
  labels: async () => offered.labels,
  metrics: { dataset: '', top1: Number.NaN, source: '' },
  licence: '',
})
