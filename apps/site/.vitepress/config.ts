// The site: the repository's own Markdown files, where they are, in an order for readers. Links between them are turned
// into the site's (src/links.ts); one that leads nowhere ends the build.

import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type DefaultTheme, defineConfig, type Plugin } from 'vitepress'
import { siteLink } from '../src/links.ts'
import { readOthers, readPages, root } from '../src/pages.ts'

const REPOSITORY = 'https://github.com/alexnet-ts/alexnet'
const pages = readPages()
const options = { root, pages, repository: REPOSITORY }

/** A page's first heading. */
function titleOf(path: string): string {
  const text = readFileSync(join(root, path), 'utf8')
  return /^# (.+)$/m.exec(text)?.[1]?.replaceAll(/[`\\]/g, '') ?? path
}

const link = (path: string) =>
  `/${pages
    .get(path)!
    .replace(/(^|\/)index\.md$/, '$1')
    .replace(/\.md$/, '')}`
const item = (path: string, text = titleOf(path)) => ({ text, link: link(path) })
const below = (folder: string, first?: string) =>
  [...pages.keys()]
    .filter((path) => path.startsWith(`${folder}/`) && path !== first)
    .sort()
    .map((path) => item(path))

const inOrder = [
  'first-classifier-node',
  'first-classifier-page',
  'fine-tune',
  'features-and-search',
  'weights-in-and-out',
  'backends',
  'augmentation',
  'serve',
  'scale-out',
]
const guides = (folder: string) =>
  inOrder
    .map((name) => `${folder}/${name}.md`)
    .filter((path) => pages.has(path))
    .map((path) => item(path))

const packages = [...pages.keys()]
  .filter((path) => /^(packages|apps)\/[^/]+\/README\.md$/.test(path))
  .map((path) => item(path))
const api = [...pages.keys()]
  .filter((path) => /^apps\/site\/api\/(?!index)/.test(path))
  .sort()
  .map((path) => item(path))

const sidebar: DefaultTheme.SidebarItem[] = [
  { text: 'Guides', items: guides('docs/guides') },
  {
    text: 'AlexNet',
    items: [
      item('docs/alexnet-explained.md'),
      item('docs/explanations/README.md'),
      item('packages/cifar10/MODEL_CARD.md'),
      ...below('docs/experiments'),
    ],
  },
  { text: 'Packages', collapsed: true, items: packages },
  { text: 'What packages export', collapsed: true, items: api },
  {
    text: 'Architecture',
    collapsed: true,
    items: [
      item('AGENTS.md', 'The repository, and who imports whom'),
      ...[...pages.keys()].filter((path) => /ARCHITECTURE/.test(path)).map((path) => item(path)),
      item('docs/conformance.md'),
      item('docs/conformance-pictures.md'),
      item('docs/consumers.md'),
    ],
  },
  { text: 'Decisions', collapsed: true, items: below('docs/decisions') },
  {
    text: 'Benchmarks',
    collapsed: true,
    items: below('docs/benchmarks'),
  },
  {
    text: 'Project',
    collapsed: true,
    items: [item('CONTRIBUTING.md'), item('SECURITY.md'), item('CODE_OF_CONDUCT.md')],
  },
]

/** Pages lie outside of this package, from where Vue is not found: when they are rendered, it is this package's. */
const vueOfTheSite: Plugin = {
  name: 'vue-of-the-site',
  enforce: 'pre',
  resolveId: (id, _, { ssr }) =>
    ssr && /^vue(\/server-renderer)?$/.test(id) ? { id, external: true } : undefined,
}

export default defineConfig({
  title: 'AlexNet for TypeScript',
  description: 'Train AlexNet, fine-tune it, look inside it and ship it, in Node and the browser.',
  base: process.env.SITE_BASE ?? '/',
  srcDir: '../..',
  outDir: join(import.meta.dirname, '../dist'),
  cacheDir: join(import.meta.dirname, 'cache'),
  srcExclude: readOthers(pages),
  rewrites: Object.fromEntries(pages),
  cleanUrls: true,
  lastUpdated: false,
  // The playground is put beside the pages; a site has no pages of this machine.
  ignoreDeadLinks: [/^\/playground\//, /^https?:\/\/(localhost|127\.0\.0\.1)/],
  locales: {
    root: { label: 'English', lang: 'en' },
    zh: {
      label: '简体中文',
      lang: 'zh-CN',
      title: 'AlexNet for TypeScript',
      description: '用 TypeScript 训练、微调、解读和部署 AlexNet，在 Node 和浏览器中运行。',
      themeConfig: {
        nav: [
          { text: '指南', link: '/zh/guides/first-classifier-node' },
          { text: '试用', link: '/playground/', target: '_self' },
          { text: '英文文档', link: '/guides/first-classifier-node' },
        ],
        sidebar: [{ text: '指南', items: guides('docs/zh/guides') }],
        outline: { label: '本页内容' },
        docFooter: { prev: '上一页', next: '下一页' },
        darkModeSwitchLabel: '深浅色',
        sidebarMenuLabel: '目录',
        returnToTopLabel: '回到顶部',
        langMenuLabel: '语言',
      },
    },
  },
  themeConfig: {
    nav: [
      { text: 'Guides', link: '/guides/first-classifier-node' },
      { text: 'API', link: '/api/' },
      { text: 'AlexNet explained', link: '/alexnet-explained' },
      { text: 'Benchmarks', link: '/benchmarks/' },
      { text: 'Playground', link: '/playground/', target: '_self' },
    ],
    sidebar,
    outline: [2, 3],
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: REPOSITORY }],
  },
  markdown: {
    config(md) {
      // Before VitePress looks at links: it takes a file's own to be relative to its place on the site.
      md.core.ruler.push('links-of-the-repository', ({ tokens, env }) => {
        const from = relative(root, env.realPath ?? env.path).replaceAll('\\', '/')
        for (const { children } of tokens) {
          for (const token of children ?? []) {
            const href = token.type === 'link_open' && token.attrGet('href')
            if (href) token.attrSet('href', siteLink(href, from, options))
          }
        }
      })
    },
  },
  vite: { plugins: [vueOfTheSite] },
})
