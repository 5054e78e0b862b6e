// Where peers from npm are found: among this package's own dependencies or, for one too large to make
// everyone install it, in a folder beside the workspace's other tools.

import { createRequire } from 'node:module'
import { join } from 'node:path'

const places = [import.meta.url, new URL('../../../.tools/peers/', import.meta.url)]

/** The folder of an installed package and its version, or undefined where it is not installed. */
export function findPackage(name: string): { folder: string; version: string } | undefined {
  for (const place of places) {
    const require = createRequire(place)
    for (const modules of require.resolve.paths(name) ?? []) {
      const folder = join(modules, name)
      try {
        const { version } = require(join(folder, 'package.json')) as { version: string }
        return { folder, version }
      } catch {
        // The next folder of the search may have it.
      }
    }
  }
  return undefined
}
