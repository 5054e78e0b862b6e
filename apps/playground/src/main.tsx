// The page's entry.
import '@picocss/pico/css/pico.min.css'
import 'uplot/dist/uPlot.min.css'
import './style.css'
import { render } from 'preact'
import { App } from './app.tsx'
import { bundledModels } from './engine/bundled.ts'
import { findOffered } from './offered.ts'
import { start } from './session.ts'

// First what takes longest: the worker and the model come while the page is drawn.
void start('auto', { kind: 'bundled', name: bundledModels[0]!.name })
void findOffered()
render(<App />, document.getElementById('app')!)
