// Classes with their probabilities, as a list of bars.
import type { Prediction } from '../engine/protocol.ts'

export const percent = (share: number) => `${(share * 100).toFixed(1)}%`

export function Bars(props: { top: readonly Prediction[] }) {
  return (
    <ol class="bars">
      {props.top.map(({ index, label, probability }) => (
        <li key={index}>
          <span class="label">{label}</span>
          <span class="value">{percent(probability)}</span>
          <span class="bar" aria-hidden="true">
            <span style={{ width: percent(probability) }} />
          </span>
        </li>
      ))}
    </ol>
  )
}
