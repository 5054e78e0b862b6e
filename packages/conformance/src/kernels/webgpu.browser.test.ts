// The kernel suites on WebGPU in Chromium.

import { webgpuBackend } from './browser-backends.ts'
import { holdToSuites } from './suites.ts'

holdToSuites(webgpuBackend)
