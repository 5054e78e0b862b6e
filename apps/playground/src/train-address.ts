// Settings of a training run as an address has them: the source always, the others where they differ from what a first visit
// finds, so that an address without them means just that.
import type { Fields } from './address.ts'
import { defaultSettings, starts, type TrainingSettings } from './engine/training-protocol.ts'

type Chosen = Omit<TrainingSettings, 'validation' | 'seed'>

/** Least and greatest of each number, and whether it is a whole one, as the page's fields take them. */
const numbers = {
  pictures: { field: 'pictures', least: 100, greatest: 50_000, isWhole: true },
  epochs: { field: 'epochs', least: 1, greatest: 500, isWhole: true },
  batchSize: { field: 'batch', least: 1, greatest: 512, isWhole: true },
  learningRate: { field: 'rate', least: 0.00001, greatest: 1, isWhole: false },
} as const

export function fieldsOf(settings: Chosen): Fields {
  const { source, start, augment } = settings
  const fields: { -readonly [Name in keyof Fields]: string } = {
    source,
    start: start === defaultSettings.start ? '' : start,
    augment: augment ? 'yes' : '',
  }
  for (const [name, { field }] of Object.entries(numbers)) {
    const value = settings[name as keyof typeof numbers]
    fields[field] = value === defaultSettings[name as keyof typeof numbers] ? '' : `${value}`
  }
  return fields
}

/** What an address asks for; what it leaves out, or what cannot be, is what a first visit finds. */
export function settingsOf(fields: Fields): Chosen {
  const { source, pictures, start, epochs, batchSize, learningRate, augment } = defaultSettings
  const chosen = { source, pictures, start, epochs, batchSize, learningRate, augment }
  if (fields.source === 'own') chosen.source = 'own'
  chosen.start = starts.find((name) => name === fields.start) ?? start
  chosen.augment = fields.augment === 'yes'
  for (const [name, { field, least, greatest, isWhole }] of Object.entries(numbers)) {
    const value = Number(fields[field] || Number.NaN)
    const isFine = value >= least && value <= greatest && (!isWhole || Number.isInteger(value))
    if (isFine) chosen[name as keyof typeof numbers] = value
  }
  return chosen
}
