// Classes with their probabilities, as a list of bars.
import type { Prediction } from '../engine/protocol.ts'
import { percent } from '../text/text.ts'

export function Bars(props: { top: readonly Prediction[] }) {
  return (
    <ol class="bars">
      {props.top.map(({ index, label, probability }) => (
        <li key={index}>
          <span class="label">{label}</span>
          <span class="value">{percent(probability)}</span>
          <span class="bar" aria-hidden="true">
            <span style={{ width: `${100 * probability}%` }} />
          </span>
        </li>
      ))}
    </ol>
  )
}
