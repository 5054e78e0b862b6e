// Parts of a page that are drawn one after the other, each in a task of its own: a slow device answers a touch between two of
// them, however many there are.
import { useEffect, useState } from 'preact/hooks'

const waiting: (() => void)[] = []

function next(): void {
  waiting.shift()?.()
  if (waiting.length > 0) setTimeout(next)
}

/** @returns false until what is there has been laid out and shown, so that this is not all one task */
export function useNextFrame(): boolean {
  const [isHere, setHere] = useState(false)
  useEffect(() => {
    // A hidden page has no frames.
    if (document.hidden) return setHere(true)
    let timer: ReturnType<typeof setTimeout>
    const frame = requestAnimationFrame(() => {
      timer = setTimeout(() => setHere(true))
    })
    return () => {
      cancelAnimationFrame(frame)
      clearTimeout(timer)
    }
  }, [])
  return isHere
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
