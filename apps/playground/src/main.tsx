// The page's entry.
import '@picocss/pico/css/pico.min.css'
import 'uplot/dist/uPlot.min.css'
import './style.css'
import './story.css'
import { render } from 'preact'
import { address, asked, followAddress, isEmbedded } from './address.ts'
import { App } from './app.tsx'
import { followBuilds } from './builds.ts'
import { bundledModels } from './engine/bundled.ts'
import { findOffered } from './offered.ts'
import { start } from './session.ts'
import { sourceNamed } from './shared.ts'
import { languageOf, takeLanguage } from './text/text.ts'

// First what takes longest: the worker and the model come while the page is drawn. One that is not the page's own comes
// after it, by what the address asks.
const first = sourceNamed(address.value.fields.model)
const isOwn = first?.kind === 'bundled'
void start('auto', isOwn ? first : { kind: 'bundled', name: bundledModels[0]!.name })
if (isOwn) asked.patch({ model: undefined })
followAddress()
document.documentElement.classList.toggle('embedded', isEmbedded)
await Promise.all([
  takeLanguage(languageOf(location.search, navigator.languages)),
  // An address may name one of these.
  isOwn || !address.value.fields.model ? void findOffered() : findOffered(),
])
// The program has been read; what follows is drawn in tasks of its own.
await new Promise((resolve) => setTimeout(resolve))
render(<App />, document.getElementById('app')!)
// Where the browser keeps nothing, in private windows for one, the page does without.
followBuilds().catch((error) => console.warn(error))
