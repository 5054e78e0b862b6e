// The distances of PyTorch in Chromium, on WebGL: those of few pixels, for its driver may be software.

import { webgl } from '@alexnet/backend-webgl'
import type { Fixture } from './testing/cases.ts'
import { holdTo, isQuick } from './testing/suite.ts'

const response = await fetch(new URL('../fixtures/distances.json', import.meta.url))
const { cases }: Fixture = await response.json()
holdTo(
  'WebGL',
  () => webgl({ software: true }),
  cases.filter(({ name }) => isQuick(name)),
)
