// The build of the page: static files that any server can hand out. The dev and preview servers send the
// headers that let a page share memory between threads; public/_headers does so on hosts that read it.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vite'
import { VitePWA } from 'vite-plugin-pwa'
import { classicScripts } from './scripts/classic-script.ts'

const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

/** The claims that docs/experiments holds runs of: the page of the paper draws them. Other files are not its. */
function experiments(): unknown[] {
  const folder = join(import.meta.dirname, '../../docs/experiments')
  return filesOf(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')))
    .filter(({ groups }) => Array.isArray(groups))
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}

export default defineConfig({
  base: './',
  define: { __EXPERIMENTS__: JSON.stringify(experiments()) },
  server: { headers: isolation },
  preview: { headers: isolation },
  worker: { format: 'es' },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  resolve: {
    dedupe: ['@tensorflow/tfjs'],
    alias: [
      {
        find: /^@alexnet\/cifar10$/,
        replacement: join(import.meta.dirname, 'src/engine/cifar10.ts'),
      },
      {
        find: /^.*\/generated\/relaxed-simd-wide\.js$/,
        replacement: join(import.meta.dirname, 'src/engine/wide-build.ts'),
      },
    ],
  },
  build: { target: 'es2023', chunkSizeWarningLimit: 2500 },
  plugins: [
    classicScripts(),
    VitePWA({
      // A new build waits until the visitor takes it: src/builds.ts.
      registerType: 'prompt',
      injectRegister: false,
      manifest: {
        name: 'AlexNet playground',
        short_name: 'AlexNet',
        description: 'See, use, train and understand AlexNet in a web page.',
        theme_color: '#1d4ed8',
        background_color: '#ffffff',
        display: 'standalone',
        icons: [
          { src: 'icon.svg', sizes: 'any', type: 'image/svg+xml' },
          { src: 'icon-180.png', sizes: '180x180', type: 'image/png' },
        ],
      },
      workbox: {
        clientsClaim: true,
        // Headers for threads, on hosts that send none.
        importScripts: ['isolation.js'],
        globPatterns: ['**/*.{html,js,css,svg,png,safetensors,webmanifest}'],
        // What comes on demand stays once it has come.
        globIgnores: ['take-away/**'],
        runtimeCaching: [
          {
            urlPattern: /\/take-away\/classifier-/,
            handler: 'CacheFirst',
            options: { cacheName: 'take-away', expiration: { maxEntries: 1 } },
          },
        ],
        maximumFileSizeToCacheInBytes: 30_000_000,
      },
    }),
  ],
})
