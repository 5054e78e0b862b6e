// docs/playground/slide.webp: thirty seconds of a pinned unit whose filter slides over a picture, as the README shows it.
// Each place is a screenshot of the page, a step of "Slide the filter" apart. Needs a build.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { findChromium, openSite } from '../src/testing/browser.ts'

const path = join(import.meta.dirname, '../../../docs/playground/slide.webp')
const executable = findChromium()
if (!executable) throw new Error('no Chromium found: install it, or name its file in CHROMIUM_PATH')

/** Channel, row and column of a unit of conv1 whose filter finds edges; its row crosses the ship's hull. */
const [CHANNEL, ROW] = [6, 17]
const PLACES = 32
/** Milliseconds of a place: thirty seconds in all. */
const PAUSE = Math.round(30_000 / (2 * PLACES))
/** Bytes that the repository has room for. */
const MOST_BYTES = 3_000_000

const site = await openSite(executable)
// With less motion a press is a step, so that no picture depends on how fast the machine is.
const page = await site.open(
  `#/look?model=cifar10-int8&picture=ship&layer=features.0&unit=${CHANNEL},${ROW},0`,
  { viewport: { width: 720, height: 1200 }, reducedMotion: 'reduce' },
)
const sum = page.getByRole('region', { name: 'Its sum', exact: true })
await sum.waitFor()
// The focus ring of the button is no part of the story.
await page.addStyleTag({ content: 'button:focus { box-shadow: none !important }' })
const slide = page.getByRole('button', { name: 'Slide the filter' })
const frames: Buffer[] = []
for (let place = 0; place < 2 * PLACES; place++) {
  const [row, column] = [ROW + Math.floor(place / PLACES), place % PLACES]
  await page.getByText(`Channel ${CHANNEL} at row ${row}, column ${column}:`).waitFor()
  frames.push(await sum.screenshot())
  await slide.click()
}
await site.close()

// Numbers of other lengths move the table's edge: all frames are as large as the largest.
const sizes = await Promise.all(frames.map((frame) => sharp(frame).metadata()))
const width = Math.max(...sizes.map((size) => size.width))
const height = Math.max(...sizes.map((size) => size.height))
const even = await Promise.all(
  frames.map((frame) =>
    sharp(frame)
      .resize({ width, height, fit: 'contain', position: 'left top', background: '#fff' })
      .png()
      .toBuffer(),
  ),
)
await sharp(even, { join: { animated: true } })
  .webp({ delay: even.map(() => PAUSE), loop: 0, quality: 80, effort: 5 })
  .toFile(path)
const { size } = statSync(path)
if (size > MOST_BYTES) throw new Error(`${path} has ${size} bytes: show fewer places`)
console.log(`${path}: ${frames.length} frames, ${width}×${height}, ${Math.round(size / 1000)} KB`)
