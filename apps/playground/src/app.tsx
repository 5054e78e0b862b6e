// The frame of the page: its heading, the pages, what is running on what.
import type { ComponentType } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { address, isEmbedded, putBefore } from './address.ts'
import { newBuild, takeNewBuild } from './builds.ts'
import { Message } from './components/message.tsx'
import { ModelBar } from './components/model-bar.tsx'
import { Share } from './components/share.tsx'
import { ClassifyPage } from './pages/classify.tsx'
import { HomePage } from './pages/home.tsx'
import { useShared } from './shared.ts'
import { useStore } from './store.ts'
import { type Language, language, languages, t, takeLanguage, withTexts } from './text/text.ts'
import { run, stopRun } from './training.ts'
import { useNextFrame } from './turns.ts'

interface PageEntry {
  /** The page itself, or how it comes. */
  page?: ComponentType
  load?: () => Promise<ComponentType>
  /** Whether it asks the model at work. */
  hasModel?: boolean
}

const pages = {
  home: { page: HomePage },
  tour: {
    load: async () => (await withTexts(['tour'], import('./pages/tour.tsx'))).TourPage,
  },
  classify: { page: ClassifyPage, hasModel: true },
  live: {
    load: async () => (await withTexts(['live'], import('./pages/live.tsx'))).LivePage,
    hasModel: true,
  },
  look: {
    load: async () => (await withTexts(['hands'], import('./pages/look.tsx'))).LookPage,
    hasModel: true,
  },
  compare: { load: async () => (await import('./pages/compare.tsx')).ComparePage, hasModel: true },
  map: {
    load: async () => (await withTexts(['map'], import('./pages/map.tsx'))).MapPage,
    hasModel: true,
  },
  train: { load: async () => (await import('./pages/train.tsx')).TrainPage, hasModel: true },
  take: {
    load: async () => (await withTexts(['take'], import('./pages/take.tsx'))).TakePage,
    hasModel: true,
  },
  paper: {
    load: async () =>
      (await withTexts(['evidence', 'tour'], import('./pages/paper.tsx'))).PaperPage,
  },
  backends: { load: async () => (await import('./pages/backends.tsx')).BackendsPage },
} as const satisfies Record<string, PageEntry>
type PageName = keyof typeof pages

export function App() {
  const { page: asked, step } = useStore(address)
  const name: PageName = asked in pages ? (asked as PageName) : 'home'
  const current = useStore(language)
  const unknown = useShared()
  const heading = useRef<HTMLHeadingElement>(null)
  const isFirst = useRef(true)
  useEffect(() => {
    if (!isFirst.current) {
      // Readers are told of the new page, and the keyboard goes on from its top.
      heading.current?.focus()
      scrollTo(0, 0)
    }
    isFirst.current = false
  }, [name, step])
  useLayoutEffect(() => {
    // A file that misses its place would be opened by the browser, and the page be gone.
    const keep = (event: Event) => event.preventDefault()
    addEventListener('dragover', keep)
    addEventListener('drop', keep)
    return () => {
      removeEventListener('dragover', keep)
      removeEventListener('drop', keep)
    }
  }, [])
  const entry: PageEntry = pages[name]
  const title =
    name === 'home' ? t('home.title') : name === 'tour' ? t('page.tour') : t(`pages.${name}`)
  useEffect(() => {
    document.title = `${title} · ${t('page.title')}`
  }, [title, current])
  const missing = asked && asked !== name ? asked : unknown
  return (
    <>
      {!isEmbedded && (
        <button type="button" class="skip" onClick={() => heading.current?.focus()}>
          {t('page.skip')}
        </button>
      )}
      {!isEmbedded && (
        <header class="top">
          <a class="brand" href="#/">
            <img src="./icon.svg" alt="" width="28" height="28" /> {t('page.title')}
          </a>
          <nav aria-label={t('page.pages')}>
            <ul>
              {(Object.keys(pages) as PageName[])
                .filter((key) => key !== 'home')
                .map((key) => (
                  <li key={key}>
                    <a href={`#/${key}`} aria-current={key === name ? 'page' : undefined}>
                      {t(`pages.${key}`)}
                    </a>
                  </li>
                ))}
              <li>
                <LanguageChoice />
              </li>
            </ul>
          </nav>
        </header>
      )}
      <main id="main">
        <div class="row title">
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {!isEmbedded && (
            <Share
              hasPicture={entry.hasModel === true && !['live', 'train', 'take'].includes(name)}
            />
          )}
        </div>
        <NewBuild />
        {missing && <Message kind="problem">{t('page.unknown', { what: missing })}</Message>}
        {name !== 'train' && <RunSign />}
        {entry.hasModel && !isEmbedded && <ModelBar />}
        <Page key={name} {...entry} />
      </main>
      <footer>
        <small>
          {isEmbedded ? (
            <a
              href={location.href.replace(/([?&])embed(=[^&#]*)?/, '$1')}
              target="_blank"
              rel="noopener"
            >
              {t('page.open')}
            </a>
          ) : (
            t('page.foot')
          )}
        </small>
      </footer>
    </>
  )
}

/** A page, once its part of the program has come. */
function Page({ page, load }: PageEntry) {
  const [Shown, setShown] = useState<ComponentType | undefined>(() => page)
  const [isGone, setGone] = useState(false)
  const isDrawn = useNextFrame()
  useEffect(() => {
    if (Shown || !load) return
    let stale = false
    load().then(
      (found) => !stale && setShown(() => found),
      // The files of the build before are gone when a new one took their place.
      () => !stale && setGone(true),
    )
    return () => {
      stale = true
    }
  }, [])
  if (Shown) return isDrawn ? <Shown /> : null
  if (!isGone) return <p class="quiet">{t('page.loading')}</p>
  return (
    <div class="row">
      <Message kind="problem">{t('page.newVersion')}</Message>
      <button type="button" onClick={() => location.reload()}>
        {t('page.reload')}
      </button>
    </div>
  )
}

/** Says that a newer page can be had. */
function NewBuild() {
  if (!useStore(newBuild)) return null
  return (
    <div class="row">
      <Message kind="busy">{t('page.newBuild')}</Message>
      <button type="button" class="secondary" onClick={takeNewBuild}>
        {t('page.reload')}
      </button>
    </div>
  )
}

/** What the page speaks; from then on the address says so. */
function LanguageChoice() {
  const current = useStore(language)
  // Their letters are the one thing of the frame that asks the system for other fonts.
  if (!useNextFrame()) return <span class="language" />
  return (
    <select
      class="language"
      aria-label={t('page.language')}
      value={current}
      onChange={(event) => {
        const chosen = event.currentTarget.value as Language
        void takeLanguage(chosen).then(() => putBefore('lang', chosen))
      }}
    >
      {Object.entries(languages).map(([name, label]) => (
        <option key={name} value={name} lang={name}>
          {label}
        </option>
      ))}
    </select>
  )
}

/** On the other pages: that a run goes on, and how far it is. */
function RunSign() {
  const { status, steps } = useStore(run)
  const last = steps.at(-1)
  if (status !== 'running' || !last) return null
  return (
    <p class="row quiet">
      <a href="#/train">
        {t('page.training', { percent: Math.floor((100 * last.step) / last.steps) })}
      </a>
      <progress class="short" value={last.step} max={last.steps} aria-label={t('page.progress')} />
      <button type="button" class="outline secondary" onClick={() => void stopRun()}>
        {t('page.stop')}
      </button>
    </p>
  )
}
