// Which weights are treated otherwise than the rest: another learning rate, another weight decay, not
// trained at all. Rules are plain data, so that a recipe or a run folder can hold them; PyTorch's
// parameter groups, by name in place of by object.

/** What holds for the weights whose names fit. What is left out stays as the optimiser has it. */
export interface WeightRule {
  /** A weight's name by PyTorch, `*` standing for any characters: `*.bias`, `features.*`. */
  readonly weights: string
  /** Factor of the scheduled learning rate. Default 1. */
  readonly learningRate?: number
  /** In place of the optimiser's weight decay. */
  readonly weightDecay?: number
  /** True leaves them as they are. Default false. */
  readonly frozen?: boolean
}

/** How one weight is trained. */
export interface WeightTreatment {
  /** Factor of the scheduled learning rate. */
  readonly learningRate: number
  readonly weightDecay: number
  readonly frozen: boolean
}

/**
 * How a weight is trained: by the first rule that fits its name.
 *
 * @param weightDecay the optimiser's, where no rule says otherwise
 */
export function treatmentOf(
  name: string,
  rules: readonly WeightRule[],
  weightDecay: number,
): WeightTreatment {
  const rule = rules.find(({ weights }) => fits(name, weights))
  return {
    learningRate: rule?.learningRate ?? 1,
    weightDecay: rule?.weightDecay ?? weightDecay,
    frozen: rule?.frozen ?? false,
  }
}

/** @throws RangeError when a rule has a value out of its range, or fits none of the weights */
export function checkRules(rules: readonly WeightRule[], names: readonly string[]): void {
  for (const { weights, learningRate = 1, weightDecay = 0 } of rules) {
    if (!(learningRate >= 0)) {
      throw new RangeError(`the learning rate of '${weights}' must be ≥ 0, not ${learningRate}`)
    }
    if (!(weightDecay >= 0)) {
      throw new RangeError(`the weight decay of '${weights}' must be ≥ 0, not ${weightDecay}`)
    }
    if (!names.some((name) => fits(name, weights))) {
      throw new RangeError(
        `no weight is called '${weights}': the names are ${names.slice(0, 8).join(', ')}${names.length > 8 ? ', …' : ''}; * stands for any characters`,
      )
    }
  }
}

/** Whether a name fits a pattern in which `*` stands for any characters. */
export function fits(name: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return name === pattern
  if (!name.startsWith(first) || !name.endsWith(last)) return false
  const end = name.length - last.length
  let at = first.length
  for (const part of rest) {
    const found = name.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= end
}
