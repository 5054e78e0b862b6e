// Pixels on a canvas, each shown as a square where there are few.
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { Pixels } from '../engine/protocol.ts'

/** A rectangle of the pixels, which a frame is drawn around. */
export interface Mark {
  left: number
  top: number
  width: number
  height: number
  /** A ring, in place of a frame. */
  isRing?: boolean
}

export function PixelView(props: {
  pixels: Pixels
  alt: string
  class?: string
  marks?: readonly Mark[]
  /** Told of the pixel under the pointer, and whether it was pressed. */
  onPoint?: (x: number, y: number, pressed: boolean) => void
  onLeave?: () => void
  /** Where it is given, the keyboard reaches the picture. */
  onKey?: (event: KeyboardEvent) => void
}) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const { pixels, alt, marks, onPoint, onLeave, onKey } = props
  // With the words beside it, not a frame after them.
  useLayoutEffect(() => {
    const { width, height, data } = pixels
    const element = canvas.current!
    element.width = width
    element.height = height
    element.getContext('2d')!.putImageData(new ImageData(data, width, height), 0, 0)
  }, [pixels])
  const point = (event: PointerEvent, pressed: boolean) => {
    const box = canvas.current!.getBoundingClientRect()
    const along = (at: number, start: number, length: number, count: number) =>
      Math.max(0, Math.min(count - 1, Math.floor(((at - start) / length) * count)))
    onPoint?.(
      along(event.clientX, box.left, box.width, pixels.width),
      along(event.clientY, box.top, box.height, pixels.height),
      pressed,
    )
  }
  const view = (
    <canvas
      ref={canvas}
      role="img"
      aria-label={alt}
      class={`pixels ${props.class ?? ''}`}
      onPointerMove={onPoint && ((event) => point(event, false))}
      onPointerDown={onPoint && ((event) => point(event, true))}
      onPointerLeave={onLeave}
      onKeyDown={onKey}
      tabIndex={onKey && 0}
    />
  )
  if (!marks) return view
  const percent = (part: number, whole: number) => `${(100 * part) / whole}%`
  return (
    <span class="marked">
      {view}
      {marks.map(({ left, top, width, height, isRing }, index) => (
        <span
          key={index}
          class={isRing ? 'mark ring' : 'mark'}
          style={{
            left: percent(left, pixels.width),
            top: percent(top, pixels.height),
            width: percent(width, pixels.width),
            height: percent(height, pixels.height),
          }}
        />
      ))}
    </span>
  )
}
