// What the build puts in the place of the CPU engine's build for vectors of 256 bits (vite.config.ts): no browser joins
// vectors, so no page asks for it.

const NONE = ''

export { NONE as base64 }
