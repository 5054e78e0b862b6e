// A picture with the answer to it, as one PNG to hand on: drawn on a canvas, of a fixed size and on white, whatever the page looks
// like.
import type { Prediction } from './protocol.ts'

/** Pixels of the card, of the picture in it, and around both. */
export const card = { width: 960, height: 480, picture: 420, margin: 30 } as const
/** Left and right end of a whole bar, top of the first, and pixels from one to the next. */
export const bars = { left: 490, right: 930, top: 96, height: 12, step: 68 } as const
const FONT = 'system-ui, sans-serif'

/**
 * @param foot stands below the answer
 * @param locale how numbers are written
 * @throws Error where the browser cannot decode the picture or write a PNG
 */
export async function answerCard(
  picture: Blob,
  top: readonly Prediction[],
  { foot, locale }: { foot: string; locale: string },
): Promise<Blob> {
  const canvas = new OffscreenCanvas(card.width, card.height)
  const context = canvas.getContext('2d')!
  const percent = new Intl.NumberFormat(locale, { style: 'percent', minimumFractionDigits: 1 })
  context.fillStyle = '#fff'
  context.fillRect(0, 0, card.width, card.height)
  const bitmap = await createImageBitmap(picture)
  const scale = card.picture / Math.max(bitmap.width, bitmap.height)
  const [width, height] = [bitmap.width * scale, bitmap.height * scale]
  // Few pixels stay squares, as everywhere on the page.
  context.imageSmoothingEnabled = scale < 2
  context.imageSmoothingQuality = 'high'
  context.drawImage(
    bitmap,
    card.margin + (card.picture - width) / 2,
    card.margin + (card.picture - height) / 2,
    width,
    height,
  )
  bitmap.close()
  for (const [rank, { label, probability }] of top.entries()) {
    const y = bars.top + rank * bars.step
    const length = bars.right - bars.left
    context.fillStyle = '#1b1b1b'
    context.font = `${rank === 0 ? 'bold ' : ''}24px ${FONT}`
    context.textAlign = 'right'
    context.fillText(percent.format(probability), bars.right, y - 12)
    context.textAlign = 'left'
    // A long name is narrowed, not cut.
    context.fillText(label, bars.left, y - 12, length - 110)
    context.fillStyle = '#d8dde6'
    context.fillRect(bars.left, y, length, bars.height)
    context.fillStyle = '#0172ad'
    context.fillRect(bars.left, y, length * probability, bars.height)
  }
  context.fillStyle = '#5c6370'
  context.font = `16px ${FONT}`
  context.fillText(foot, bars.left, card.height - card.margin, bars.right - bars.left)
  return canvas.convertToBlob({ type: 'image/png' })
}
