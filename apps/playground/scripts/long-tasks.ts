// How long the page keeps a slow device from answering a touch: every page opened and used with the processor slowed, and
// the longest tasks of its main thread, in time of the processor, so that other work of the machine does not count. A figure
// of docs/benchmarks.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import { findChromium, openSite } from '../src/testing/browser.ts'

const usage = `usage: node scripts/long-tasks.ts --photos DIR [--slowed N] [--times N] [--only PAGE]

  --photos <folder>  pictures to drop; 200 are given, the same again where there are fewer
  --slowed <n>       how much slower the processor is (default: 4)
  --times <n>        visits of each page (default: 1)
  --only <page>      one page alone
  --explain          what each of the longest tasks consists of
`
const { values } = parseArgs({
  options: {
    photos: { type: 'string' },
    slowed: { type: 'string', default: '4' },
    times: { type: 'string', default: '1' },
    only: { type: 'string' },
    explain: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help || !values.photos || !existsSync(values.photos)) {
  console.log(usage)
  process.exit(values.help ? 0 : 2)
}
const executable = findChromium()
if (!executable) throw new Error('no Chromium found: install it, or name its file in CHROMIUM_PATH')

const names = readdirSync(values.photos).filter((name) => /\.(jpe?g|png)$/i.test(name))
const photos = Array.from({ length: 200 }, (_, index) =>
  join(values.photos!, names[index % names.length]!),
)
const give = (page: Page, to: string, files: string[]) =>
  page.getByTestId(`files-${to}`).setInputFiles(files)
const still = (page: Page, ms = 1500) => page.waitForTimeout(ms)

/** What a visitor does on each page. */
const visits: Record<string, (page: Page) => Promise<void>> = {
  async home(page) {
    await page.locator('.bars').first().waitFor()
  },
  async classify(page) {
    await page.locator('.results .bars').first().waitFor()
    await page.getByRole('button', { name: 'Clear' }).click()
    await give(page, 'classify', photos)
    await page.waitForFunction(() => document.querySelectorAll('.results .bars').length > 29)
    await still(page, 8000)
  },
  async look(page) {
    await page.locator('canvas').first().waitFor()
    await still(page)
    for (let press = 0; press < 6; press++) await page.keyboard.press('Tab')
    await still(page)
  },
  async compare(page) {
    await still(page, 4000)
  },
  async map(page) {
    await page.getByRole('img', { name: /^Map of 10 pictures/ }).waitFor()
    await page.getByRole('button', { name: 'Clear' }).click()
    await give(page, 'map', photos)
    await page.getByRole('img', { name: /^Map of (100|200) pictures/ }).waitFor()
    await still(page, 4000)
  },
  async train(page) {
    await page.getByLabel('Pictures to draw').fill('300')
    await page.getByLabel('Pictures to draw').blur()
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await page.getByText(/^Done: step/).waitFor()
    await still(page)
  },
  async own(page) {
    await page.getByLabel('Your own classes').check()
    for (const label of ['one', 'two']) {
      await page.getByPlaceholder(/./).first().fill(label)
      await page.keyboard.press('Enter')
      await give(page, label, label === 'one' ? photos.slice(0, 100) : photos.slice(100))
      await page.getByRole('heading', { name: new RegExp(`${label} 100 pictures`) }).waitFor()
    }
    await still(page)
  },
  async live(page) {
    await page.getByRole('button', { name: 'Start the camera' }).click()
    await still(page, 8000)
  },
  async tour(page) {
    for (let step = 0; step < 11; step++) {
      await page.getByRole('link', { name: /^On: / }).click()
      await still(page, 700)
    }
  },
  async paper(page) {
    await still(page, 3000)
  },
  async backends(page) {
    await still(page)
  },
  async take(page) {
    await still(page)
  },
}
const paths: Record<string, string> = { own: 'train' }
const unknown = values.only !== undefined && !Object.hasOwn(visits, values.only)
if (unknown || !(Number(values.slowed) >= 1) || !/^[1-9]\d*$/.test(values.times)) {
  console.error(`${usage}\nThe pages are ${Object.keys(visits).join(', ')}.`)
  process.exit(2)
}

const site = await openSite(executable)
for (const name of Object.keys(visits)) {
  if (values.only && values.only !== name) continue
  for (let visit = 0; visit < Number(values.times); visit++) {
    const { events, problem } = await traceOf(name)
    const tasks = tasksOf(events)
    const all = tasks.map(({ tdur }) => Math.round(tdur / 1000))
    const over = all.filter((ms) => ms > 50).length
    console.log(`${name}: ${over} over 50 ms; longest ${all.slice(0, 5).join(', ')}${problem}`)
    if (values.explain) explain(tasks.slice(0, 5), events)
  }
}
await site.close()

/** What a browser that has not been here does on a visit of the page; and why it did not come to its end. */
async function traceOf(name: string): Promise<{ events: TraceEvent[]; problem: string }> {
  const context = await site.browser.newContext({
    serviceWorkers: 'block',
    locale: 'en-US',
    permissions: ['camera'],
  })
  const page = await context.newPage()
  page.setDefaultTimeout(120_000)
  const session = await context.newCDPSession(page)
  await session.send('Emulation.setCPUThrottlingRate', { rate: Number(values.slowed) })
  const events: TraceEvent[] = []
  session.on('Tracing.dataCollected', ({ value }) => void events.push(...(value as never[])))
  await session.send('Tracing.start', {
    categories: 'toplevel,devtools.timeline,v8.execute',
    transferMode: 'ReportEvents',
  })
  await page.goto(`${site.url}#/${name === 'home' ? '' : (paths[name] ?? name)}`)
  await page.getByTestId('status').or(page.locator('h1')).first().waitFor()
  const problem = await visits[name]!(page).then(
    () => '',
    (error) => ` (${String(error).split('\n')[0]})`,
  )
  const end = new Promise((done) => session.once('Tracing.tracingComplete', done))
  await session.send('Tracing.end')
  await end
  await context.close()
  return { events, problem }
}

interface TraceEvent {
  name: string
  ph: string
  /** Microseconds, by the clock and of the processor. */
  ts: number
  dur?: number
  tts?: number
  tdur?: number
  pid: number
  tid: number
  args: {
    name?: string
    src_func?: string
    data?: { url?: string; functionName?: string; type?: string }
  }
}
type Timed = TraceEvent & { dur: number; tdur: number }

function timed(events: readonly TraceEvent[]): Timed[] {
  return events.filter((event): event is Timed => event.ph === 'X' && event.tdur !== undefined)
}

/** The tasks of the page's main thread, the longest first. */
function tasksOf(events: readonly TraceEvent[]): Timed[] {
  const mains = events.filter(
    ({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain',
  )
  return timed(events)
    .filter(({ name }) => /RunTask$/.test(name))
    .filter(({ pid, tid }) => mains.some((main) => main.pid === pid && main.tid === tid))
    .sort((a, b) => b.tdur - a.tdur)
}

/** What takes more than a tenth of each task. */
function explain(tasks: readonly Timed[], events: readonly TraceEvent[]): void {
  for (const task of tasks) {
    console.log(`  ${Math.round(task.tdur / 1000)} ms ${task.args.src_func ?? ''}`)
    const inside = timed(events).filter(
      ({ pid, tid, ts, dur }) =>
        pid === task.pid &&
        tid === task.tid &&
        ts >= task.ts &&
        ts + dur <= task.ts + task.dur &&
        dur < task.dur,
    )
    for (const { name, tdur, args } of inside.filter(({ tdur }) => tdur > task.tdur / 10)) {
      const { functionName = '', url = '', type = '' } = args?.data ?? {}
      const where = [name, type, functionName, url.split('/').at(-1)].filter(Boolean).join(' ')
      console.log(`    ${Math.round(tdur / 1000)} ms ${where}`)
    }
  }
}
