// Every tool that makes a page of the packages, each as its own documentation says and with nothing that ours do not
// ask for: what it is told, where its page comes out, and what has to be done for the model's file.

import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { importMap } from './import-map.ts'
import { bundleByEsbuild } from './sizes.ts'

/** What the tools' project installs, TensorFlow.js included. */
export const toolVersions: Record<string, string> = {
  '@tensorflow/tfjs': '^4.22.0',
  '@rollup/plugin-commonjs': '^29.0.0',
  '@rollup/plugin-node-resolve': '^16.0.0',
  esbuild: '^0.28.0',
  next: '^16.0.0',
  react: '^19.0.0',
  'react-dom': '^19.0.0',
  rollup: '^4.0.0',
  vite6: 'npm:vite@^6.0.0',
  vite7: 'npm:vite@^7.0.0',
  vite8: 'npm:vite@^8.0.0',
  webpack: '^5.0.0',
  'webpack-cli': '^7.0.0',
}

/** A page that a tool made, or serves. */
export interface Made {
  /** Folder to serve; undefined for a dev server, which has its own address. */
  folder?: string
  url?: string
  /** What to add to the address. */
  query?: string
  /** Nothing was bundled: the folder has more than the page loads. */
  isUnbundled?: boolean
  stop?(): void
}

export interface Tool {
  name: string
  /** The package whose version counts. */
  package: string
  /** What a user has to do for the model's file, in words. */
  model: string
  /** Whether it bundles the loader's workers. */
  workers: boolean
  /** Makes the page from `classify.js`, `main.js`, `index.html` and `picture.png` of the folder. */
  make(folder: string): Made | Promise<Made>
}

/** Runs a command of an installed tool; fails with its last lines, and past five minutes. */
function runTool(folder: string, file: string, args: readonly string[], env = {}): void {
  const { status, stdout, stderr, signal } = spawnSync(
    process.execPath,
    [join(folder, 'node_modules', file), ...args],
    { cwd: folder, encoding: 'utf8', timeout: 300_000, env: { ...process.env, ...quiet, ...env } },
  )
  if (status === 0) return
  const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-8).join(' ')
  throw new Error(signal ? `did not end within five minutes (${signal})` : said)
}

const quiet = { NEXT_TELEMETRY_DISABLED: '1', NO_COLOR: '1', CI: '1' }

/** A port that is free now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

/** Starts a dev server and waits until it answers. */
async function startServer(
  folder: string,
  file: string,
  args: (port: number) => readonly string[],
): Promise<Made> {
  const port = await freePort()
  const command = [join(folder, 'node_modules', file), ...args(port)]
  // A group of its own: such servers have children.
  const child = spawn(process.execPath, command, {
    cwd: folder,
    stdio: 'ignore',
    detached: true,
    env: { ...process.env, ...quiet },
  })
  const stop = () => {
    try {
      process.kill(-child.pid!)
    } catch {} // it has ended by itself
  }
  const url = `http://127.0.0.1:${port}/`
  for (let tries = 0; tries < 240; tries++) {
    const response = await fetch(url).catch(() => undefined)
    if (response?.ok) return { url, stop }
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  stop()
  throw new Error('the dev server did not answer within two minutes')
}

const headers = `{
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}`

/** A folder with the page's files, and those given. */
function project(folder: string, name: string, files: Readonly<Record<string, string>>): string {
  const place = join(folder, name)
  mkdirSync(place, { recursive: true })
  for (const page of ['classify.js', 'main.js', 'index.html']) {
    copyFileSync(join(folder, page), join(place, page))
  }
  mkdirSync(join(place, 'public'), { recursive: true })
  copyFileSync(join(folder, 'picture.png'), join(place, 'public/picture.png'))
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(place, file, '..'), { recursive: true })
    writeFileSync(join(place, file), text)
  }
  return place
}

/** The folder of a page that a bundler without an idea of pages writes its script into. */
function plainPage(folder: string, place: string, withModel: boolean): Made {
  const out = join(place, 'dist')
  cpSync(join(place, 'public'), out, { recursive: true })
  copyFileSync(join(place, 'index.html'), join(out, 'index.html'))
  if (!withModel) return { folder: out }
  const model = 'node_modules/@alexnet/cifar10/model.safetensors'
  copyFileSync(join(folder, model), join(out, 'model.safetensors'))
  return { folder: out, query: '?model=model.safetensors' }
}

function viteConfig(major: number): string {
  const exclude = "{ exclude: ['@alexnet/cifar10', '@alexnet/data'] }"
  return `export default {
  base: './',
  server: { headers: ${headers} },
  ${major < 8 ? `optimizeDeps: ${exclude},` : ''}
  ${major < 7 ? "build: { target: 'esnext' }," : ''}
}
`
}

const vite = (major: number): Tool[] => {
  const bin = `vite${major}/bin/vite.js`
  const set = (folder: string) =>
    project(folder, `vite-${major}`, { 'vite.config.js': viteConfig(major) })
  return [
    {
      name: `Vite ${major}, build`,
      package: `vite${major}`,
      model: 'by itself',
      workers: true,
      make(folder) {
        const place = set(folder)
        runTool(folder, bin, ['build', place, '--logLevel', 'warn'])
        return { folder: join(place, 'dist') }
      },
    },
    {
      name: `Vite ${major}, dev`,
      package: `vite${major}`,
      model: major < 8 ? '`optimizeDeps.exclude`' : 'by itself',
      workers: true,
      make: (folder) =>
        startServer(folder, bin, (port) => [
          set(folder),
          ...['--port', `${port}`, '--host', '127.0.0.1'],
        ]),
    },
  ]
}

const webpack: Tool = {
  name: 'webpack 5',
  package: 'webpack',
  model: 'by itself',
  workers: true,
  make(folder) {
    const place = project(folder, 'webpack', {})
    runTool(folder, 'webpack-cli/bin/cli.js', [
      ...['build', '--mode', 'production', '--entry', join(place, 'main.js')],
      ...['--output-path', join(place, 'dist'), '--output-filename', 'main.js'],
    ])
    return plainPage(folder, place, false)
  },
}

const rollup: Tool = {
  name: 'Rollup 4',
  package: 'rollup',
  model: '`load({ url })`',
  workers: false,
  make(folder) {
    const place = project(folder, 'rollup', {})
    runTool(folder, 'rollup/dist/bin/rollup', [
      ...[join(place, 'main.js'), '--dir', join(place, 'dist'), '--format', 'es', '--silent'],
      ...['--plugin', "node-resolve={browser:true,exportConditions:['browser']}"],
      ...['--plugin', 'commonjs'],
    ])
    return plainPage(folder, place, true)
  },
}

const esbuild: Tool = {
  name: 'esbuild',
  package: 'esbuild',
  model: '`load({ url })`',
  workers: false,
  make(folder) {
    const place = project(folder, 'esbuild', {})
    bundleByEsbuild(folder, {
      entryPoints: [join(place, 'main.js')],
      outdir: join(place, 'dist'),
    })
    return plainPage(folder, place, true)
  },
}

const plain: Tool = {
  name: 'no tool, an import map',
  package: '@tensorflow/tfjs',
  model: 'by itself',
  workers: false,
  make(folder) {
    const place = project(folder, 'plain', {})
    const map = importMap(folder, 'plain/main.js')
    const imports = Object.fromEntries(
      Object.entries(map).map(([name, file]) => [name, `.${file}`]),
    )
    const page = readFileSync(join(place, 'index.html'), 'utf8')
    const script = `<script type="importmap">${JSON.stringify({ imports }, undefined, 2)}</script>\n`
    writeFileSync(join(place, 'index.html'), page.replace('<script', `${script}<script`))
    copyFileSync(join(place, 'public/picture.png'), join(place, 'picture.png'))
    return { folder, query: 'plain/index.html', isUnbundled: true }
  },
}

/** In React's StrictMode effects run twice, so that two classifications are started at once. */
const nextPage = `'use client'
import { useEffect, useState } from 'react'
import { classify } from '../classify.js'

export default function Page() {
  const [answer, setAnswer] = useState('')
  useEffect(() => {
    classify({ picture: '/picture.png' })
      .catch((error) => ({ error: error.name + ': ' + error.message }))
      .then((result) => {
        document.title = JSON.stringify(result)
        setAnswer(document.title)
      })
  }, [])
  return <p>{answer}</p>
}
`

const nextProject = (folder: string, name: string) => {
  const place = project(folder, name, {
    'package.json': '{ "private": true, "type": "module" }',
    'app/page.jsx': nextPage,
    'app/layout.jsx':
      'export default ({ children }) => <html lang="en"><body>{children}</body></html>\n',
    'next.config.mjs': `export default {
  output: 'export',
  reactStrictMode: true,
  turbopack: { root: ${JSON.stringify(folder)} },
}
`,
  })
  return place
}

const next: Tool[] = [
  {
    name: 'Next.js 16, build (Turbopack)',
    package: 'next',
    model: 'by itself',
    workers: true,
    make(folder) {
      const place = nextProject(folder, 'next')
      runTool(folder, 'next/dist/bin/next', ['build', place])
      return { folder: join(place, 'out') }
    },
  },
  {
    name: 'Next.js 16, dev, StrictMode',
    package: 'next',
    model: 'by itself',
    workers: true,
    make: (folder) =>
      startServer(folder, 'next/dist/bin/next', (port) => [
        ...['dev', nextProject(folder, 'next-dev'), '--port', `${port}`, '--hostname', '127.0.0.1'],
      ]),
  },
]

export const tools: readonly Tool[] = [
  ...vite(8),
  ...vite(7),
  ...vite(6),
  webpack,
  rollup,
  esbuild,
  plain,
  ...next,
]

/** The version of an installed package. */
export function versionOf(folder: string, name: string): string {
  const file = join(folder, 'node_modules', name, 'package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
