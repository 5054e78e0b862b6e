// The camera: a live picture, and one taken at a press; more while it is held, where many are wanted.
import type { TargetedPointerEvent } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { t } from '../text/text.ts'
import { cameraProblem, closeCamera, openCamera } from './camera-stream.ts'
import { Message } from './message.tsx'

/** Milliseconds between pictures while the button is held. */
const BETWEEN = 200

/** @param props.many whether holding the button takes more */
export function Camera(props: { onPicture: (blob: Blob) => void; many: boolean }) {
  const video = useRef<HTMLVideoElement>(null)
  const [problem, setProblem] = useState('')
  const [ready, setReady] = useState(false)
  const held = useRef<ReturnType<typeof setInterval> | undefined>(undefined)
  useEffect(() => {
    let stream: MediaStream | undefined
    let closed = false
    const open = async () => {
      stream = await openCamera()
      if (closed) return closeCamera(stream)
      video.current!.srcObject = stream
      await video.current!.play()
      setReady(true)
    }
    open().catch((error: DOMException) => {
      if (!closed) setProblem(cameraProblem(error))
    })
    return () => {
      closed = true
      release()
      if (stream) closeCamera(stream)
    }
  }, [])
  const shoot = () => {
    const { videoWidth, videoHeight } = video.current!
    const canvas = document.createElement('canvas')
    canvas.width = videoWidth
    canvas.height = videoHeight
    canvas.getContext('2d')!.drawImage(video.current!, 0, 0)
    canvas.toBlob((blob) => blob && props.onPicture(blob), 'image/png')
  }
  const release = () => clearInterval(held.current)
  const hold = (event: TargetedPointerEvent<HTMLButtonElement>) => {
    if (event.button !== 0) return
    // The page grows under the pointer while pictures come.
    event.currentTarget.setPointerCapture(event.pointerId)
    shoot()
    release()
    held.current = setInterval(shoot, BETWEEN)
  }
  // A press by a key is a click; a held Enter is many.
  const holding = {
    onPointerDown: hold,
    onPointerUp: release,
    onLostPointerCapture: release,
    onClick: ({ detail }: MouseEvent) => detail === 0 && shoot(),
  }
  if (problem) return <Message kind="problem">{problem}</Message>
  return (
    <div class="camera">
      <video ref={video} playsInline muted aria-label={t('camera.live')} />
      <button type="button" disabled={!ready} {...(props.many ? holding : { onClick: shoot })}>
        {t(props.many ? 'camera.hold' : 'camera.take')}
      </button>
    </div>
  )
}
