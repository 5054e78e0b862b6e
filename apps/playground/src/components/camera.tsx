// The camera: a live picture, and one taken at a press.
import { useEffect, useRef, useState } from 'preact/hooks'
import { Message } from './message.tsx'

const problems: Record<string, string> = {
  NotAllowedError:
    'The camera is not allowed: permit it beside the address of the page, then try again.',
  NotFoundError: 'No camera was found: connect one, or choose pictures from files.',
  NotReadableError: 'The camera is used by another program: close that, then try again.',
}

export function Camera(props: { onPicture: (blob: Blob) => void }) {
  const video = useRef<HTMLVideoElement>(null)
  const [problem, setProblem] = useState('')
  const [ready, setReady] = useState(false)
  useEffect(() => {
    let stream: MediaStream | undefined
    let closed = false
    const open = async () => {
      if (!navigator.mediaDevices) {
        throw new DOMException('this page must be opened by https', 'NotSupportedError')
      }
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
      if (closed) return stopAll(stream)
      video.current!.srcObject = stream
      await video.current!.play()
      setReady(true)
    }
    open().catch((error: DOMException) => {
      if (closed) return
      const other = `The camera could not be opened (${error.message}): choose pictures from files.`
      setProblem(problems[error.name] ?? other)
    })
    return () => {
      closed = true
      if (stream) stopAll(stream)
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
      <video ref={video} playsInline muted aria-label="Live picture of the camera" />
      <button type="button" disabled={!ready} onClick={shoot}>
        Take a picture
      </button>
    </div>
  )
}

function stopAll(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop()
}
