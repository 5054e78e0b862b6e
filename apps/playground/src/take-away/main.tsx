// The script of a classifier that was taken away: a page that names pictures with the model beside it. It is built as one
// classic script (scripts/classic-script.ts), since a page opened by a double click may load no module and fetch nothing;
// for the same reason the model comes as text in a script, and all is computed here, on one thread.
import { type Model, openModel, type PictureInput, type Prediction } from '@alexnet/model'
import { render } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { TakenModel } from './taken.ts'
import { textsFor } from './texts.ts'

/** Classes that are shown. */
const SHOWN = 10

const { lang, texts } = textsFor(navigator.languages)
const taken = (globalThis as { takenModel?: TakenModel }).takenModel

function Page(props: { taken: TakenModel }) {
  const { title } = props.taken
  const [model, setModel] = useState<Model>()
  const [problem, setProblem] = useState('')
  const [picture, setPicture] = useState<Blob>()
  const [top, setTop] = useState<readonly Prediction[]>()
  const [isOver, setOver] = useState(false)
  const [isLive, setLive] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  // An answer that comes after a later question is not shown.
  const asked = useRef(0)
  const stop = (error: unknown) => {
    setTop(undefined)
    setProblem(error instanceof Error ? error.message : String(error))
  }
  useEffect(() => {
    const { name, base64 } = props.taken
    // After the page is drawn: a large model takes a moment.
    setTimeout(() => openModel(bytesOf(base64), { name }).then(setModel, stop))
  }, [])
  const take = (files: Iterable<File>) => {
    const file = [...files].find(({ type }) => type.startsWith('image/'))
    setLive(false)
    if (!file) return stop(texts.noPicture)
    setPicture(file)
  }
  const classify = async (given: PictureInput) => {
    const own = ++asked.current
    try {
      const found = await model!.classify(given, { topK: SHOWN })
      if (own !== asked.current) return
      setProblem('')
      setTop(found)
    } catch (error) {
      if (own === asked.current) stop(error)
    }
  }
  useEffect(() => {
    if (model && picture && !isLive) void classify(picture)
  }, [model, picture, isLive])
  // At once: what falls on a page that does not listen yet is opened in its place.
  useLayoutEffect(() => {
    const over = (event: DragEvent) => {
      event.preventDefault()
      setOver(event.type === 'dragover')
    }
    const drop = (event: DragEvent) => {
      over(event)
      take(event.dataTransfer?.files ?? [])
    }
    const paste = ({ clipboardData }: ClipboardEvent) => {
      if (clipboardData?.files.length) take(clipboardData.files)
    }
    addEventListener('dragover', over)
    addEventListener('dragleave', over)
    addEventListener('drop', drop)
    addEventListener('paste', paste)
    return () => {
      removeEventListener('dragover', over)
      removeEventListener('dragleave', over)
      removeEventListener('drop', drop)
      removeEventListener('paste', paste)
    }
  }, [])
  return (
    <>
      <h1>{title}</h1>
      <div class={isOver ? 'drop over' : 'drop'}>
        <button type="button" onClick={() => input.current!.click()}>
          {texts.choose}
        </button>
        <button
          type="button"
          aria-pressed={isLive}
          onClick={() => {
            // What is on its way was asked of the other picture.
            asked.current++
            setTop(undefined)
            setLive(!isLive)
          }}
        >
          {isLive ? texts.closeCamera : texts.camera}
        </button>
        <span class="quiet">{texts.drop}</span>
        <input
          ref={input}
          type="file"
          accept="image/*"
          hidden
          aria-label={texts.choose}
          onChange={({ currentTarget }) => {
            if (currentTarget.files?.length) take(currentTarget.files)
            currentTarget.value = ''
          }}
        />
      </div>
      {!model && !problem && <p role="status">{texts.loading}</p>}
      {problem && <p role="alert">{problem}</p>}
      <div class="answer">
        {isLive && model ? (
          <Camera
            onFrame={classify}
            onProblem={() => {
              setLive(false)
              stop(texts.noCamera)
            }}
          />
        ) : (
          picture && <Shown picture={picture} />
        )}
        {top && <Bars top={top} isLive={isLive} />}
      </div>
      <footer>
        <small>{texts.foot}</small>
      </footer>
    </>
  )
}

function Shown({ picture }: { picture: Blob }) {
  const [url, setUrl] = useState('')
  useEffect(() => {
    const made = URL.createObjectURL(picture)
    setUrl(made)
    return () => URL.revokeObjectURL(made)
  }, [picture])
  return url ? <img src={url} alt={texts.given} /> : null
}

/** The camera, frame after frame as fast as they are named; none while the page is hidden. */
function Camera(props: {
  onFrame: (video: HTMLVideoElement) => Promise<void>
  onProblem: () => void
}) {
  const video = useRef<HTMLVideoElement>(null)
  useEffect(() => {
    let stream: MediaStream | undefined
    let isClosed = false
    const stop = () => {
      for (const track of stream?.getTracks() ?? []) track.stop()
    }
    const run = async () => {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
      if (isClosed) return stop()
      const element = video.current!
      element.srcObject = stream
      await element.play()
      while (!isClosed) {
        // A hidden page gets no frames.
        await new Promise(requestAnimationFrame)
        if (!isClosed) await props.onFrame(element)
      }
    }
    run().catch(() => !isClosed && props.onProblem())
    return () => {
      isClosed = true
      stop()
    }
  }, [])
  return <video ref={video} playsInline muted aria-label={texts.live} />
}

function Bars({ top, isLive }: { top: readonly Prediction[]; isLive: boolean }) {
  const percent = new Intl.NumberFormat(lang, { style: 'percent', minimumFractionDigits: 1 })
  return (
    // Readers are told of an answer, but not of thirty in a second.
    <ol aria-label={texts.answer} aria-live={isLive ? 'off' : 'polite'}>
      {top.map(({ index, label, probability }) => (
        <li key={index} data-probability={probability}>
          <span>{label}</span>
          <span>{percent.format(probability)}</span>
          <span class="bar" aria-hidden="true">
            <span style={{ width: `${100 * probability}%` }} />
          </span>
        </li>
      ))}
    </ol>
  )
}

function bytesOf(base64: string): Uint8Array {
  const text = atob(base64)
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at)
  return bytes
}

document.documentElement.lang = lang
const place = document.getElementById('classifier')!
place.textContent = ''
if (taken) document.title = taken.title
render(taken ? <Page taken={taken} /> : <p role="alert">{texts.noModel}</p>, place)
