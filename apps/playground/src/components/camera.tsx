// The camera: a live picture, and one taken at a press.
import { useEffect, useRef, useState } from 'preact/hooks'
import { t } from '../text/text.ts'
import { cameraProblem, closeCamera, openCamera } from './camera-stream.ts'
import { Message } from './message.tsx'

export function Camera(props: { onPicture: (blob: Blob) => void }) {
  const video = useRef<HTMLVideoElement>(null)
  const [problem, setProblem] = useState('')
  const [ready, setReady] = useState(false)
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
  if (problem) return <Message kind="problem">{problem}</Message>
  return (
    <div class="camera">
      <video ref={video} playsInline muted aria-label={t('camera.live')} />
      <button type="button" disabled={!ready} onClick={shoot}>
        {t('camera.take')}
      </button>
    </div>
  )
}
