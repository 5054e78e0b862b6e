// Settings of a run in an address: read as they were written, nonsense taken for what a first visit finds.
import { expect, it } from 'vitest'
import { formatAddress, parseAddress } from './address.ts'
import { defaultSettings, type TrainingSettings } from './engine/training-protocol.ts'
import { fieldsOf, settingsOf } from './train-address.ts'

const through = (settings: TrainingSettings) =>
  settingsOf(
    parseAddress(formatAddress({ page: 'train', step: '', fields: fieldsOf(settings) })).fields,
  )

it('reads settings as they were written', () => {
  const { validation: _, seed: __, ...first } = defaultSettings
  expect(through(defaultSettings)).toEqual(first)
  const other = {
    source: 'own' as const,
    pictures: 600,
    start: 'all' as const,
    epochs: 12,
    batchSize: 32,
    learningRate: 0.00015,
    augment: true,
  }
  expect(through({ ...defaultSettings, ...other })).toEqual(other)
})

it('says what differs from a first visit alone', () => {
  const address = { page: 'train', step: '', fields: fieldsOf({ ...defaultSettings, epochs: 9 }) }
  expect(formatAddress(address)).toBe('#/train?source=shapes&epochs=9')
})

it('takes nothing that the page would refuse', () => {
  const { validation: _, seed: __, ...first } = defaultSettings
  const fields = { source: 'x', start: 'y', epochs: '0', batch: '1.5', rate: '2', pictures: '1e9' }
  expect(settingsOf({ ...fields, augment: 'no' })).toEqual(first)
})
