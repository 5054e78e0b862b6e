// Parts of a page that are drawn one after the other, each in a task of its own: a slow device answers a touch between two of
// them, however many there are.
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'

const waiting: (() => void)[] = []

function next(): void {
  waiting.shift()?.()
  if (waiting.length > 0) setTimeout(next)
}

/** Calls back when what is there has been laid out and shown. @returns what calls that off */
function afterFrame(then: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>
  // A hidden page has no frames.
  if (document.hidden) {
    timer = setTimeout(then)
    return () => clearTimeout(timer)
  }
  const frame = requestAnimationFrame(() => {
    timer = setTimeout(then)
  })
  return () => {
    cancelAnimationFrame(frame)
    clearTimeout(timer)
  }
}

/** @returns false until what is there has been laid out and shown, so that this is not all one task */
export function useNextFrame(): boolean {
  const [isHere, setHere] = useState(false)
  useEffect(() => afterFrame(() => setHere(true)), [])
  return isHere
}

/** Its children one after the other, each laid out and shown before the next: in their order down the page, so nothing moves. */
export function InFrames(props: { children: ComponentChildren }): ComponentChildren {
  const parts = [props.children].flat(2)
  const [shown, setShown] = useState(1)
  const isDone = shown >= parts.length
  useEffect(() => (isDone ? undefined : afterFrame(() => setShown(shown + 1))), [shown, isDone])
  return parts.slice(0, shown)
}

/** @returns false until it is this part's turn, first come first served; what it shows then comes in that task */
export function useTurn(): boolean {
  const [isHere, setHere] = useState(false)
  useEffect(() => {
    const go = () => setHere(true)
    if (waiting.push(go) === 1) setTimeout(next)
    return () => {
      const place = waiting.indexOf(go)
      if (place >= 0) waiting.splice(place, 1)
    }
  }, [])
  return isHere
}

/** What is shown in its turn: parts that come at one time are drawn one after the other. */
export function InTurn(props: { children: ComponentChildren }): ComponentChildren {
  return useTurn() && props.children
}
