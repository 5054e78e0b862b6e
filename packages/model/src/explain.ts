// `Model.explain`: what was asked, checked, and handed to the method that draws it.

import { OptionError, suggestion } from '@alexnet/core'
import { drawings } from './drawings.ts'
import { ModelError } from './errors.ts'
import type { ExplainedModel, ExplainOptions, Explanation } from './explanation.ts'
import { explainMethods, methodsWithoutPicture } from './methods.ts'
import type { PictureInput } from './pictures.ts'
import { viewOf } from './views.ts'

/** `Model.explain`. */
export async function explain(
  model: ExplainedModel,
  picture: PictureInput | null,
  options: ExplainOptions = {},
): Promise<Explanation> {
  const { method = 'grad-cam', target } = options
  if (!Object.hasOwn(drawings, method)) {
    throw new OptionError(
      `there is no method '${method}': ${suggestion(method, Object.keys(explainMethods))}`,
    )
  }
  if (picture === null && !methodsWithoutPicture.includes(method)) {
    throw new ModelError(`the method '${method}' explains a picture: give one`)
  }
  if ((method === 'neighbours' || method === 'top-patches') && !options.pictures) {
    throw new ModelError(`the method '${method}' needs pictures to look among`)
  }
  const index = typeof target === 'string' ? classNamed(target, model.labels) : target
  if (method === 'class-visualization' && index === undefined) {
    throw new ModelError(`the method '${method}' needs a class (target)`)
  }
  const seen = picture === null ? nothing : await viewOf(model, picture, options.side)
  const subject = { model, network: model.network, ...seen, target: index }
  const { target: explained, ...found } = await drawings[method](subject, options)
  return {
    method,
    ...found,
    ...(explained && { target: { ...explained, label: model.labels[explained.index]! } }),
  }
}

const nothing = {
  input: new Float32Array(0),
  view: { width: 0, height: 0, data: new Uint8Array(0) },
}

/** The number of a class from its name or number. @throws ModelError with the names it may have been */
export function classNamed(text: string, labels: readonly string[]): number {
  const wanted = text.toLowerCase()
  const exact = labels.findIndex((label) => label.toLowerCase() === wanted)
  if (exact >= 0) return exact
  const number = Number(text)
  if (text.trim() !== '' && Number.isInteger(number)) {
    if (number >= 0 && number < labels.length) return number
    throw new ModelError(`there is no class ${text}: the classes are 0 to ${labels.length - 1}`)
  }
  const holding = labels.filter((label) => label.toLowerCase().includes(wanted))
  if (holding.length === 1) return labels.indexOf(holding[0]!)
  const hint =
    holding.length > 1
      ? `did you mean ${holding.slice(0, 5).join(' or ')}?`
      : suggestion(text, labels)
  throw new ModelError(`there is no class '${text}': ${hint}`)
}
