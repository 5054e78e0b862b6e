// What the map tells of the pictures: which are nearly the same, whose label is likely wrong, which classes are thin, and how
// often the model is right.
import { useEffect, useState } from 'preact/hooks'
import type { MapOfPictures } from '../engine/map-worker.ts'
import type { PageImage } from '../engine/protocol.ts'
import { classOf } from '../labels-file.ts'
import { engine, messageOf } from '../session.ts'
import { percent, t } from '../text/text.ts'
import { thinClasses } from '../thin-classes.ts'
import { useTurn } from '../turns.ts'
import { LookAt } from './look-at.tsx'
import { Message } from './message.tsx'

/** Rows of a list. */
const FEW = 30

interface FindingsProps {
  images: readonly PageImage[]
  found: MapOfPictures
  /** The classes of the model. */
  labels: readonly string[]
  version: number
}

export function Findings(props: FindingsProps) {
  // After the map itself.
  return useTurn() && <Found {...props} />
}

function Found(props: FindingsProps) {
  const { images, found, labels, version } = props
  const { duplicates, suspects } = found
  const own = images.map(({ label = '' }) => label)
  const isLabelled = own.some((label) => label)
  const thin = thinClasses(own)
  return (
    <section aria-label={t('map:findings')}>
      <h2>{t('map:findings')}</h2>
      <h3>{t('map:duplicates')}</h3>
      {duplicates.length === 0 ? (
        <p class="quiet">{t('map:noDuplicates')}</p>
      ) : (
        <>
          <p class="quiet">{t('map:duplicatesAbout')}</p>
          <ul class="found" data-testid="duplicates">
            {duplicates.slice(0, FEW).map(({ first, second, share }) => (
              <li key={`${first} ${second}`}>
                <LookAt image={images[first]!} />
                <LookAt image={images[second]!} />
                <small>
                  {t('map:pair', { first: images[first]!.name, second: images[second]!.name })}
                  <br />
                  {t('map:share', { share: percent(share) })}
                </small>
              </li>
            ))}
          </ul>
          <Rest count={found.pairs - FEW} />
        </>
      )}
      {!isLabelled && <p class="quiet">{t('map:noLabels')}</p>}
      {isLabelled && (
        <>
          <h3>{t('map:suspects')}</h3>
          {suspects.length === 0 ? (
            <p class="quiet">{t('map:noSuspects')}</p>
          ) : (
            <>
              <p class="quiet">{t('map:suspectsAbout')}</p>
              <ul class="found" data-testid="suspects">
                {suspects.slice(0, FEW).map(({ index, rival, count, of }) => (
                  <li key={index}>
                    <LookAt image={images[index]!} />
                    <small>
                      {t('map:suspect', {
                        name: images[index]!.name,
                        label: own[index]!,
                        count,
                        of,
                        rival,
                      })}
                    </small>
                  </li>
                ))}
              </ul>
              <Rest count={suspects.length - FEW} />
            </>
          )}
          <h3>{t('map:thin')}</h3>
          {thin.length === 0 ? (
            <p class="quiet">{t('map:noThin')}</p>
          ) : (
            <>
              <p class="quiet">{t('map:thinAbout')}</p>
              <ul data-testid="thin">
                {thin.slice(0, FEW).map(({ label, count }) => (
                  <li key={label}>{t('map:thinOne', { label, count })}</li>
                ))}
              </ul>
              <Rest count={thin.length - FEW} />
            </>
          )}
          <Right images={images} labels={labels} version={version} />
        </>
      )}
    </section>
  )
}

const Rest = ({ count }: { count: number }) =>
  count > 0 ? <p class="quiet">{t('map:more', { count })}</p> : null

/** How often the first answer, and the first five, have the label. */
function Right(props: {
  images: readonly PageImage[]
  labels: readonly string[]
  version: number
}) {
  const { images, labels, version } = props
  // Ranks of the labels in the answers by the pictures' ids; -1 where it is not among the first five.
  const [ranks, setRanks] = useState<ReadonlyMap<string, number>>(new Map())
  const [problem, setProblem] = useState('')
  const judged = images
    .map((image) => ({ image, index: image.label ? classOf(image.label, labels) : -1 }))
    .filter(({ index }) => index >= 0)
  const unknown = images.filter(({ label }) => label && classOf(label, labels) < 0)
  const key = judged.map(({ image, index }) => `${image.id}:${index}`).join()
  useEffect(() => {
    let stale = false
    const found = new Map<string, number>()
    setRanks(found)
    setProblem('')
    const ask = async () => {
      let since = performance.now()
      for (const { image, index } of judged) {
        const { top } = await engine().classify(image, { topK: Math.min(5, labels.length) })
        if (stale) return
        found.set(
          image.id,
          top.findIndex((one) => one.index === index),
        )
        if (performance.now() - since < 200) continue
        since = performance.now()
        setRanks(new Map(found))
      }
      setRanks(new Map(found))
    }
    ask().catch((error) => !stale && setProblem(messageOf(error)))
    return () => {
      stale = true
    }
  }, [key, version])
  const total = judged.length
  const isDone = ranks.size === total
  const counted = (rank: number) => {
    const right = [...ranks.values()].filter((one) => one >= 0 && one < rank).length
    return { right, total, share: percent(right / total) }
  }
  return (
    <>
      <h3>{t('map:right')}</h3>
      <p class="quiet">{t('map:rightAbout')}</p>
      {problem && <Message kind="problem">{problem}</Message>}
      {total > 0 && (
        <p data-testid="right">
          {isDone
            ? `${t('map:top1', counted(1))} · ${t('map:top5', counted(5))}`
            : t('map:rightSoFar', { done: ranks.size, total })}
        </p>
      )}
      {unknown.length > 0 && (
        <p class="quiet">
          {t('map:noClass', {
            count: unknown.length,
            labels: [...new Set(unknown.map(({ label }) => label))].slice(0, FEW).join(', '),
          })}
        </p>
      )}
    </>
  )
}
