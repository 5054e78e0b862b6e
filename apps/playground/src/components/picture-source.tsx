// Every way to give the page pictures: drop (folders, too), paste, files, camera.
import { fromEvent } from 'file-selector'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { messageOf } from '../session.ts'
import { t } from '../text/text.ts'
import { Camera, type CameraProps } from './camera.tsx'
import { Message } from './message.tsx'

type Given = { name: string; blob: Blob }[]

export function PictureSource(props: {
  onPictures: (pictures: Given) => unknown
  /** Files that are no pictures, such as weights, are handed here. */
  onOther?: (files: File[]) => void
  /** When the camera takes a picture. */
  takes?: CameraProps['takes']
  /** Whether the camera is open from the start. Default false. */
  isCameraOpen?: boolean
  /** A name for its parts, where there are several on a page. */
  label: string
  pasteHere?: boolean
  children?: ComponentChildren
}) {
  const { onPictures, onOther, label, pasteHere = false } = props
  const [over, setOver] = useState(false)
  const [camera, setCamera] = useState(props.isCameraOpen ?? false)
  const [problem, setProblem] = useState('')
  const input = useRef<HTMLInputElement>(null)
  const take = (files: File[]) => {
    setProblem('')
    const pictures = files.filter(({ type }) => type.startsWith('image/'))
    const others = files.filter(({ type }) => !type.startsWith('image/'))
    if (pictures.length > 0) onPictures(pictures.map((file) => ({ name: file.name, blob: file })))
    if (others.length > 0 && onOther) onOther(others)
    else if (others.length > 0) {
      setProblem(t('source.noPicture', { name: others[0]!.name }))
    }
  }
  // Files, and those in folders.
  const takeDropped = (event: DragEvent) => {
    event.preventDefault()
    event.stopPropagation()
    setOver(false)
    fromEvent(event).then(
      (dropped) => {
        const files = dropped.filter((one) => one instanceof File)
        if (files.length > 0) take(files)
        else setProblem(t('source.noFile'))
      },
      (error) => setProblem(messageOf(error)),
    )
  }
  useEffect(() => {
    if (!pasteHere) return
    const paste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])]
      if (files.length > 0) take(files)
    }
    // Wherever on the page they fall.
    addEventListener('paste', paste)
    addEventListener('drop', takeDropped)
    return () => {
      removeEventListener('paste', paste)
      removeEventListener('drop', takeDropped)
    }
  })
  return (
    <section
      aria-label={t('source.label', { label })}
      class={`drop ${over ? 'over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={takeDropped}
    >
      <div class="row">
        <button type="button" onClick={() => input.current?.click()}>
          {t('source.choose')}
        </button>
        <button type="button" class="secondary" onClick={() => setCamera(!camera)}>
          {t(camera ? 'source.closeCamera' : 'source.camera')}
        </button>
        {props.children}
        <span class="quiet wide-only">{t(pasteHere ? 'source.dropOrPaste' : 'source.drop')}</span>
      </div>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept={onOther ? undefined : 'image/*'}
        aria-label={t('source.files', { label })}
        data-testid={`files-${label}`}
        onChange={(event) => {
          take([...(event.currentTarget.files ?? [])])
          event.currentTarget.value = ''
        }}
      />
      {camera && (
        <Camera takes={props.takes} onPicture={(blob) => onPictures([{ name: 'camera', blob }])} />
      )}
      {problem && <Message kind="problem">{problem}</Message>}
    </section>
  )
}
