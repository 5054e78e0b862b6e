// A number that is typed. The page around it may be drawn anew at any moment, by a model that has loaded or a step of a run:
// what is being typed stays until the field is left.
import { useState } from 'preact/hooks'

export function NumberField(props: {
  label: string
  /** Undefined leaves the field empty. */
  value: number | undefined
  min: number
  max: number
  /** `any` takes fractions. Default 1, whole numbers. */
  step?: number | 'any'
  /** Takes each number as it is typed, not the last one alone. Default false. */
  isLive?: boolean
  /** Told of numbers from `min` to `max`; what is none is not taken, and gone when the field is left. */
  onChange: (value: number) => void
}) {
  const { label, value, min, max, step = 1, isLive = false, onChange } = props
  const [typed, setTyped] = useState<string>()
  const take = (number: number) => {
    if (number >= min && number <= max) onChange(step === 'any' ? number : Math.round(number))
  }
  return (
    <label>
      {label}
      <input
        type="number"
        min={min}
        max={max}
        step={step}
        value={typed ?? value ?? ''}
        onInput={({ currentTarget }) => {
          setTyped(currentTarget.value)
          if (isLive) take(currentTarget.valueAsNumber)
        }}
        onChange={({ currentTarget }) => {
          take(currentTarget.valueAsNumber)
          setTyped(undefined)
        }}
        onBlur={() => setTyped(undefined)}
      />
    </label>
  )
}
