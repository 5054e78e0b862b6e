// A line about what is going on or what went wrong; screen readers are told of it.
import type { ComponentChildren } from 'preact'

export function Message(props: { kind: 'busy' | 'problem'; children: ComponentChildren }) {
  const isProblem = props.kind === 'problem'
  return (
    <p class={`message ${props.kind}`} role={isProblem ? 'alert' : 'status'}>
      {props.children}
    </p>
  )
}
