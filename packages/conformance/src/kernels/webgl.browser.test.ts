// The kernel suites on WebGL in Chromium.

import { webglBackend } from './browser-backends.ts'
import { holdToSuites } from './suites.ts'

holdToSuites(webglBackend)
