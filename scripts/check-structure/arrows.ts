// Who may import whom: the one table of the workspace's layers. The checks of imports and manifests read
// it; AGENTS.md draws it. A new package gets a row here, or the check says that it has none.

/** One layer, by the name of its package's folder. */
export interface Layer {
  /** A folder's name under `packages/`; a `*` at its end stands for any ending. */
  name: string
  /** The layers it may import in shipped code. */
  imports: readonly string[]
  /** The layers of which it may import types, and nothing that is there when it runs. */
  types?: readonly string[]
  /** False for the packages that work on typed arrays alone: no import of TensorFlow.js, in tests neither. */
  knowsTfjs: boolean
  /** True for a package that only tests may import. */
  testsOnly?: boolean
}

/** The scope of every package of the workspace. */
export const SCOPE = '@alexnet/'

export const layers: readonly Layer[] = [
  { name: 'core', imports: [], types: ['backend'], knowsTfjs: true },
  { name: 'backend', imports: [], knowsTfjs: true },
  { name: 'backend-*', imports: ['backend'], knowsTfjs: true },
  { name: 'data', imports: [], knowsTfjs: false },
  { name: 'weights', imports: [], knowsTfjs: false },
  { name: 'distributed', imports: [], knowsTfjs: false },
  { name: 'cifar10', imports: ['weights'], knowsTfjs: false },
  {
    name: 'train',
    imports: ['core', 'data', 'weights', 'distributed'],
    types: ['backend'],
    knowsTfjs: true,
  },
  {
    name: 'model',
    imports: ['core', 'data', 'weights', 'backend', 'backend-cpu', 'cifar10'],
    knowsTfjs: true,
  },
  { name: 'lpips', imports: ['core', 'data', 'weights', 'backend', 'model'], knowsTfjs: true },
  {
    name: 'conformance',
    imports: ['core', 'train', 'backend', 'backend-*'],
    knowsTfjs: true,
    testsOnly: true,
  },
]

/** What the tests of a layer that knows TensorFlow.js may import on top of what its code may. */
export const testImports: readonly string[] = ['backend', 'backend-*', 'conformance']

/** The row of a folder under `packages/`, an exact name before a pattern. */
export function layerOf(folder: string): Layer | undefined {
  return (
    layers.find(({ name }) => name === folder) ??
    layers.find(({ name }) => matchesLayer(name, folder))
  )
}

/** Whether a row's name (`core`, `backend-*`) covers a folder. */
export function matchesLayer(name: string, folder: string): boolean {
  return name.endsWith('*') ? folder.startsWith(name.slice(0, -1)) : name === folder
}

/** Names of the layers that code of a layer may import; with `tests`, what its tests may import. */
export function allowedImports(layer: Layer, { tests = false } = {}): readonly string[] {
  if (!tests || !layer.knowsTfjs) return layer.imports
  return [...new Set([...layer.imports, ...testImports])]
}
