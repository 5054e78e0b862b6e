// Answers to a question that changes faster than it is answered, as a slider's: one is asked at a time, and after it the
// newest there is, so that what is shown follows and nothing queues up.
import { useEffect, useRef, useState } from 'preact/hooks'
import { messageOf } from './session.ts'

export interface Following<Answer> {
  answer: Answer | undefined
  problem: string
}

/**
 * @param question undefined while there is none
 * @param ask called anew where `key` has changed
 */
export function useFollowing<Question, Answer>(
  question: Question | undefined,
  key: string,
  ask: (question: Question) => Promise<Answer>,
): Following<Answer> {
  const [found, setFound] = useState<Following<Answer>>({ answer: undefined, problem: '' })
  // What is asked next is that of the last drawing of the page, not of the one that began to ask.
  const newest = useRef({ question, key, ask })
  newest.current = { question, key, ask }
  const asked = useRef<string>(undefined)
  const isBusy = useRef(false)
  const isGone = useRef(false)
  const follow = async () => {
    if (isBusy.current) return
    isBusy.current = true
    while (!isGone.current) {
      const now = newest.current
      if (now.question === undefined || now.key === asked.current) break
      asked.current = now.key
      try {
        const answer = await now.ask(now.question)
        if (!isGone.current) setFound({ answer, problem: '' })
      } catch (error) {
        if (!isGone.current) setFound({ answer: undefined, problem: messageOf(error) })
      }
    }
    isBusy.current = false
  }
  useEffect(() => void follow(), [key, question === undefined])
  useEffect(() => {
    isGone.current = false
    return () => {
      isGone.current = true
    }
  }, [])
  return found
}
