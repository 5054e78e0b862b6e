// The kernel suites on WebGPU in Node, and what uses subgroups once more without them.

import { dawnWithoutSubgroups, holdDawnTo } from './dawn-backend.ts'
import { reduction } from './reduction.ts'
import { suites } from './suites.ts'
import { training } from './training.ts'

holdDawnTo(suites)
holdDawnTo({ 'sum and mean': reduction, training }, dawnWithoutSubgroups)
