// A process of its own that writes the data folder, so that its hundreds of megabytes are gone before
// anything is measured. Arguments: the folder, and the options as JSON.

import { type PrepareOptions, prepare } from './data.ts'

const [folder, options] = process.argv.slice(2)
await prepare(folder!, JSON.parse(options!) as PrepareOptions)
