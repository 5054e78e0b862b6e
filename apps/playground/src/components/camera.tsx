// The camera: a live picture, and one taken at a press; more while it is held, where many are wanted; or one after the other by
// itself, where each is to be answered.
import type { TargetedPointerEvent } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { t } from '../text/text.ts'
import { cameraProblem, closeCamera, openCamera } from './camera-stream.ts'
import { Message } from './message.tsx'

/** Milliseconds between pictures while the button is held. */
const BETWEEN = 200

export interface CameraProps {
  /** Where it promises something, the next picture of `live` waits for that. */
  onPicture: (blob: Blob) => unknown
  /** When one is taken: at a press, more while the button is held, or one after the other by itself. Default `one`. */
  takes?: 'one' | 'many' | 'live' | undefined
}

export function Camera({ onPicture, takes = 'one' }: CameraProps) {
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
      while (takes === 'live' && !closed) {
        // A hidden page gets no frames.
        await new Promise(requestAnimationFrame)
        if (!closed) await shoot()
      }
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
  // Of this moment, in a loop that began before.
  const given = useRef(onPicture)
  given.current = onPicture
  const shoot = async () => {
    const { videoWidth, videoHeight } = video.current!
    const canvas = document.createElement('canvas')
    canvas.width = videoWidth
    canvas.height = videoHeight
    canvas.getContext('2d')!.drawImage(video.current!, 0, 0)
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'))
    if (blob) await given.current(blob)
  }
  const release = () => clearInterval(held.current)
  const hold = (event: TargetedPointerEvent<HTMLButtonElement>) => {
    if (event.button !== 0) return
    // The page grows under the pointer while pictures come.
    event.currentTarget.setPointerCapture(event.pointerId)
    void shoot()
    release()
    held.current = setInterval(shoot, BETWEEN)
  }
  // A press by a key is a click; a held Enter is many.
  const holding = {
    onPointerDown: hold,
    onPointerUp: release,
    onLostPointerCapture: release,
    onClick: ({ detail }: MouseEvent) => detail === 0 && void shoot(),
  }
  if (problem) return <Message kind="problem">{problem}</Message>
  return (
    <div class="camera">
      <video ref={video} playsInline muted aria-label={t('camera.live')} />
      {takes !== 'live' && (
        <button
          type="button"
          disabled={!ready}
          {...(takes === 'many' ? holding : { onClick: () => void shoot() })}
        >
          {t(takes === 'many' ? 'camera.hold' : 'camera.take')}
        </button>
      )}
    </div>
  )
}
