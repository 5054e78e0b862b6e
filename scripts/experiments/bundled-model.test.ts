import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { epochsOf, type Measured, pageOf } from './bundled-model.ts'

const docs = join(import.meta.dirname, '../../docs/experiments')
const read = (name: string) => readFileSync(join(docs, name), 'utf8')

test('an epoch a line, without tables of classes or steps', () => {
  const log = [
    '{"type":"step","step":1,"loss":2}',
    '{"type":"epoch","epoch":1,"seconds":2,"train":{"top1":0.1,"loss":2},"validation":{"top1":0.2,"loss":1.5,"confusion":[[1]]}}',
    '{"type":"epoch","epoch":2,"seconds":3,"train":{"top1":0.2,"loss":1}}',
    '{"type":"epo',
  ].join('\n')
  expect(epochsOf(log)).toEqual([
    {
      epoch: 1,
      seconds: 2,
      train: { top1: 0.1, loss: 2 },
      validation: { top1: 0.2, loss: 1.5 },
    },
    { epoch: 2, seconds: 3, train: { top1: 0.2, loss: 1 } },
  ])
})

test('the page and the card say what was measured', () => {
  const measured: Measured = JSON.parse(read('cifar10.json'))
  const epochs = epochsOf(read('cifar10.jsonl').replaceAll('{"epoch"', '{"type":"epoch","epoch"'))
  expect(read('cifar10.md')).toBe(pageOf(measured, epochs))
  const card = read('../../packages/cifar10/MODEL_CARD.md')
  expect(card).toContain(`${(100 * measured.test.top1).toFixed(2)} %`)
  expect(card).toContain(`temperature ${measured.calibration.temperature.toFixed(3)}`)
})
