// The kernel suites on WebGPU in Node.

import { holdDawnTo } from './dawn-backend.ts'
import { suites } from './suites.ts'

holdDawnTo(suites)
