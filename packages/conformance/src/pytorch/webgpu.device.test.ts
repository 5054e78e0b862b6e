// Whole networks against PyTorch on WebGPU in Node: the small ones on a software driver, all on a GPU or when
// thorough.

import { readdirSync, readFileSync } from 'node:fs'
import { holdDawnTo, thorough } from '../kernels/dawn-backend.ts'
import { type NetworkFixture, networkSuites, type SgdCase } from './networks.ts'

const folder = new URL('../../fixtures/', import.meta.url)
const read = (file: string) => JSON.parse(readFileSync(new URL(file, folder), 'utf8'))

const small = ['pytorch-lenet-5-32-4.json', 'pytorch-cifar-32-4.json']
const files = thorough ? readdirSync(folder).filter((file) => file.startsWith('pytorch-')) : small
const { cases } = read('sgd-steps.json') as { cases: SgdCase[] }

holdDawnTo(
  networkSuites(
    files.map((file) => read(file) as NetworkFixture),
    thorough ? cases : cases.filter(({ variant, nesterov }) => variant === 'lenet-5' && nesterov),
  ),
)
