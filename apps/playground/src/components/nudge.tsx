// An adversarial nudge: the picture a step of ε along the sign of the loss's gradient, the difference enlarged, the answers.

import { useState } from 'preact/hooks'
import { address, choose, type Fields } from '../address.ts'
import type { Answered, ModelInfo, PageImage } from '../engine/protocol.ts'
import { useFollowing } from '../following.ts'
import { engine, messageOf } from '../session.ts'
import { useStore } from '../store.ts'
import { t } from '../text/text.ts'
import { Bars } from './bars.tsx'
import { Distances } from './distances.tsx'
import { Message } from './message.tsx'
import { PixelView } from './pixels.tsx'

/** The largest step; the eye sees one of 16 on most pictures. */
const MOST = 32
/** Changes the answer of most pictures and is hard to see. */
const FIRST = 4

export function Nudge(props: {
  image: PageImage
  model: ModelInfo
  version: number
  /** Told of the nudged picture as a file, and what the address is to have from then on. */
  onKeep: (name: string, blob: Blob, over: Fields) => void
}) {
  const { image, model, version, onKeep } = props
  const { fields } = useStore(address)
  const [problem, setProblem] = useState('')
  const given = Number(fields.epsilon ?? FIRST)
  const kept = Number.isInteger(given) && given >= 0 && given <= MOST ? given : FIRST
  // The address has what the slider was left at.
  const [moving, setMoving] = useState<number>()
  const epsilon = moving ?? kept
  const away = fields.away && Number(fields.away) in model.labels ? Number(fields.away) : undefined
  const question = { epsilon, away }
  const key = `${epsilon} ${away} ${version}`
  const nudged = useFollowing(question, key, async (asked) => ({
    ...(await engine().nudge(image, asked.epsilon, asked.away)),
    epsilon: asked.epsilon,
  }))
  const far = useFollowing(moving === undefined ? question : undefined, key, (asked) =>
    engine().nudgedDistances(image, asked.epsilon, asked.away),
  )
  const view = nudged.answer
  const keep = async () => {
    try {
      const blob = await engine().nudgedFile(image, epsilon, away)
      onKeep(t('hands:nudged', { name: image.name, epsilon }), blob, {})
    } catch (error) {
      setProblem(messageOf(error))
    }
  }
  return (
    <>
      <p>{t('hands:nudgeAbout')}</p>
      <div class="fields">
        <label>
          {t('hands:epsilon', { epsilon })}
          <input
            type="range"
            min={0}
            max={MOST}
            value={epsilon}
            onInput={(event) => setMoving(event.currentTarget.valueAsNumber)}
            onChange={(event) => {
              choose({ epsilon: `${event.currentTarget.valueAsNumber}` })
              setMoving(undefined)
            }}
          />
        </label>
        <label>
          {t('hands:away')}
          <select
            value={away ?? ''}
            onChange={(event) => choose({ away: event.currentTarget.value })}
          >
            <option value="">{t('hands:likeliest')}</option>
            {model.labels.map((label, index) => (
              <option key={index} value={index}>
                {label}
              </option>
            ))}
          </select>
        </label>
      </div>
      {(problem || nudged.problem) && <Message kind="problem">{problem || nudged.problem}</Message>}
      {view && (
        <div class="columns three" data-testid="nudged">
          <Answer title={t('hands:before')} name={image.name} {...view.before} />
          <figure>
            <figcaption>
              {view.epsilon > 0
                ? t('hands:difference', { times: Math.round(127 / view.epsilon) })
                : t('hands:noDifference')}
            </figcaption>
            <PixelView
              pixels={view.difference}
              alt={t('hands:difference', { times: Math.round(127 / Math.max(1, view.epsilon)) })}
              class="shown"
            />
          </figure>
          <Answer
            title={t('hands:after')}
            name={t('hands:nudged', { name: image.name, epsilon: view.epsilon })}
            {...view.after}
          />
          {far.answer && <Distances far={far.answer} />}
        </div>
      )}
      <p>
        <button type="button" class="outline" disabled={!view} onClick={() => void keep()}>
          {t('hands:keep')}
        </button>
      </p>
    </>
  )
}

function Answer(props: Answered & { title: string; name: string }) {
  return (
    <figure>
      <figcaption>{props.title}</figcaption>
      <PixelView pixels={props.pixels} alt={props.name} class="shown" />
      <Bars top={props.top} />
    </figure>
  )
}
