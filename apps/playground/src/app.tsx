// The frame of the page: its heading, the pages, what is running on what.
import { useEffect, useRef, useState } from 'preact/hooks'
import { ModelBar } from './components/model-bar.tsx'
import { BackendsPage } from './pages/backends.tsx'
import { ClassifyPage } from './pages/classify.tsx'
import { ComparePage } from './pages/compare.tsx'
import { LookPage } from './pages/look.tsx'
import { PaperPage } from './pages/paper.tsx'
import { TrainPage } from './pages/train.tsx'
import { useStore } from './store.ts'
import { run, stopRun } from './training.ts'

const pages = {
  classify: { title: 'Classify', page: ClassifyPage },
  look: { title: 'Look inside', page: LookPage },
  compare: { title: 'Compare', page: ComparePage },
  train: { title: 'Train', page: TrainPage },
  paper: { title: 'The paper', page: PaperPage },
  backends: { title: 'Backends', page: BackendsPage },
} as const
type PageName = keyof typeof pages

/** The page that the address names after its #. */
function current(): PageName {
  const name = location.hash.replace(/^#\/?/, '')
  return name in pages ? (name as PageName) : 'classify'
}

export function App() {
  const [name, setName] = useState(current)
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    const change = () => {
      setName(current())
      // Readers are told of the new page, and the keyboard goes on from its top.
      heading.current?.focus()
      scrollTo(0, 0)
    }
    addEventListener('hashchange', change)
    return () => removeEventListener('hashchange', change)
  }, [])
  useEffect(() => {
    // A file that misses its place would be opened by the browser, and the page be gone.
    const keep = (event: Event) => event.preventDefault()
    addEventListener('dragover', keep)
    addEventListener('drop', keep)
    return () => {
      removeEventListener('dragover', keep)
      removeEventListener('drop', keep)
    }
  }, [])
  const { title, page: Page } = pages[name]
  useEffect(() => {
    document.title = `${title} · AlexNet playground`
  }, [title])
  return (
    <>
      <button type="button" class="skip" onClick={() => heading.current?.focus()}>
        Skip to the page
      </button>
      <header class="top">
        <a class="brand" href="#/classify">
          <img src="./icon.svg" alt="" width="28" height="28" /> AlexNet playground
        </a>
        <nav aria-label="Pages">
          <ul>
            {Object.entries(pages).map(([key, { title: label }]) => (
              <li key={key}>
                <a href={`#/${key}`} aria-current={key === name ? 'page' : undefined}>
                  {label}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      </header>
      <main id="main">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {name !== 'train' && <RunSign />}
        {name !== 'backends' && name !== 'paper' && <ModelBar />}
        <Page />
      </main>
      <footer>
        <small>
          Everything is computed on this device; no picture leaves it. AlexNet: Krizhevsky,
          Sutskever and Hinton, 2012.
        </small>
      </footer>
    </>
  )
}

/** On the other pages: that a run goes on, and how far it is. */
function RunSign() {
  const { status, steps } = useStore(run)
  const last = steps.at(-1)
  if (status !== 'running' || !last) return null
  return (
    <p class="row quiet">
      <a href="#/train">Training: {Math.floor((100 * last.step) / last.steps)} %</a>
      <progress class="short" value={last.step} max={last.steps} aria-label="Progress of the run" />
      <button type="button" class="outline secondary" onClick={() => void stopRun()}>
        Stop
      </button>
    </p>
  )
}
