// Pixels on a canvas, each shown as a square where there are few.
import { useEffect, useRef } from 'preact/hooks'
import type { Pixels } from '../engine/protocol.ts'

export function PixelView(props: {
  pixels: Pixels
  alt: string
  class?: string
  onPoint?: (x: number, y: number) => void
}) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const { pixels, alt, onPoint } = props
  useEffect(() => {
    const { width, height, data } = pixels
    const element = canvas.current!
    element.width = width
    element.height = height
    element.getContext('2d')!.putImageData(new ImageData(data, width, height), 0, 0)
  }, [pixels])
  const point = (event: PointerEvent) => {
    const box = canvas.current!.getBoundingClientRect()
    const along = (at: number, start: number, length: number, count: number) =>
      Math.max(0, Math.min(count - 1, Math.floor(((at - start) / length) * count)))
    onPoint?.(
      along(event.clientX, box.left, box.width, pixels.width),
      along(event.clientY, box.top, box.height, pixels.height),
    )
  }
  return (
    <canvas
      ref={canvas}
      role="img"
      aria-label={alt}
      class={`pixels ${props.class ?? ''}`}
      onPointerMove={onPoint && point}
      onPointerDown={onPoint && point}
    />
  )
}
