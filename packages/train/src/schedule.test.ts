import { expect, it } from 'vitest'
import { constant, oneCycle, type Schedule, steps } from './schedule.ts'

const ratesOf = (schedule: Schedule, total: number) =>
  Array.from({ length: total }, (_, step) => schedule(step, total))

it('one-cycle gives the rates of torch.optim.lr_scheduler.OneCycleLR', () => {
  // PyTorch 1.13: OneCycleLR(max_lr=.05, total_steps, pct_start, cycle_momentum=False).
  const twenty = [
    0.002, 0.00658359214, 0.0185835921, 0.0334164079, 0.0454164079, 0.05, 0.0493732003,
    0.0475242316, 0.0445458089, 0.0405872827, 0.0358471501, 0.0305631011, 0.0250001, 0.0194370989,
    0.0141530499, 0.0094129173, 0.00545439112, 0.0024759684, 0.000626999688, 2e-7,
  ]
  const thirteen = [
    0.002, 0.0351844024, 0.0498177226, 0.047797505, 0.0437127939, 0.0379334936, 0.0309829677,
    0.0234906436, 0.0161350133, 0.00958218986, 0.00442558565, 0.00113217381, 2e-7,
  ]
  for (const [warmUp, expected] of [
    [0.3, twenty],
    [0.2, thirteen],
  ] as const) {
    const rates = ratesOf(oneCycle(0.05, warmUp), expected.length)
    for (const [step, rate] of expected.entries()) expect(rates[step]).toBeCloseTo(rate, 9)
  }
})

it('steps divides at the points it is given, constant never', () => {
  expect(ratesOf(steps(1, [0.5, 0.75]), 8).map((rate) => rate.toFixed(2))).toEqual([
    '1.00',
    '1.00',
    '1.00',
    '1.00',
    '0.10',
    '0.10',
    '0.01',
    '0.01',
  ])
  expect(ratesOf(constant(0.3), 3)).toEqual([0.3, 0.3, 0.3])
})

it('a run of one step has a rate', () => {
  expect(oneCycle(0.05)(0, 1)).toBeGreaterThan(0)
})
