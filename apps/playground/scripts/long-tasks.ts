// How long the page keeps a slow device from answering a touch: every page opened and used with the processor slowed, and
// each task of the main thread that took over 50 ms. A figure of docs/benchmarks; for a machine at rest.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import { findChromium, openSite } from '../src/testing/browser.ts'

const usage = `usage: node scripts/long-tasks.ts --photos DIR [--slowed N] [--only PAGE]

  --photos <folder>  pictures to drop; 200 are given, the same again where there are fewer
  --slowed <n>       how much slower the processor is (default: 4)
  --only <page>      one page alone
  --trace            what each of the longest tasks consists of
`
const { values } = parseArgs({
  options: {
    photos: { type: 'string' },
    slowed: { type: 'string', default: '4' },
    only: { type: 'string' },
    trace: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help || !values.photos) {
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
      await page.getByRole('link', { name: /Next/ }).first().click()
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

const site = await openSite(executable)
for (const [name, use] of Object.entries(visits)) {
  if (values.only && values.only !== name) continue
  const context = await site.browser.newContext({
    serviceWorkers: 'block',
    locale: 'en-US',
    permissions: ['camera'],
  })
  const page = await context.newPage()
  page.setDefaultTimeout(120_000)
  const session = await context.newCDPSession(page)
  await session.send('Emulation.setCPUThrottlingRate', { rate: Number(values.slowed) })
  await page.addInitScript(() => {
    const tasks: number[] = []
    Object.assign(globalThis, { tasks })
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) tasks.push(Math.round(duration))
    }).observe({ type: 'longtask', buffered: true })
  })
  const traced: TraceEvent[] = []
  if (values.trace) {
    session.on('Tracing.dataCollected', ({ value }) => void traced.push(...(value as never[])))
    await session.send('Tracing.start', {
      categories: 'toplevel,devtools.timeline,v8.execute,disabled-by-default-v8.cpu_profiler',
      transferMode: 'ReportEvents',
    })
  }
  await page.goto(`${site.url}#/${name === 'home' ? '' : (paths[name] ?? name)}`)
  await page.getByTestId('status').or(page.locator('h1')).first().waitFor()
  const problem = await use(page).then(
    () => '',
    (error) => ` (${String(error).split('\n')[0]})`,
  )
  const tasks = await page.evaluate(() => (globalThis as unknown as { tasks: number[] }).tasks)
  const most = tasks.sort((a, b) => b - a)
  console.log(`${name}: ${most.length} over 50 ms; longest ${most.slice(0, 8).join(', ')}${problem}`)
  if (values.trace) {
    const end = new Promise((done) => session.once('Tracing.tracingComplete', done))
    await session.send('Tracing.end')
    await end
    explain(traced)
  }
  await context.close()
}
await site.close()

interface TraceEvent {
  name: string
  ph: string
  ts: number
  dur?: number
  pid: number
  tid: number
  args: { data?: { url?: string; functionName?: string; type?: string; lineNumber?: number } }
}

/** The longest tasks and what is in them. */
function explain(events: TraceEvent[]): void {
  const whole = events.filter(({ ph, dur }) => ph === 'X' && dur !== undefined)
  const tasks = whole
    .filter(({ name, dur }) => /RunTask$/.test(name) && dur! > 80_000)
    .sort((a, b) => b.dur! - a.dur!)
    .slice(0, 6)
  for (const task of tasks) {
    console.log(`  ${(task.dur! / 1000).toFixed(0)} ms, at ${(task.ts / 1e6).toFixed(1)} s`)
    const inside = whole
      .filter(
        ({ tid, pid, ts, dur }) =>
          tid === task.tid && pid === task.pid && ts >= task.ts && ts + dur! <= task.ts + task.dur!,
      )
      .filter((event) => event !== task && event.dur! > 10_000)
      .sort((a, b) => b.dur! - a.dur!)
      .slice(0, 8)
    for (const { name, dur, args } of inside) {
      const { functionName = '', url = '', type = '', lineNumber = '' } = args?.data ?? {}
      console.log(
        `    ${(dur! / 1000).toFixed(0)} ms ${name} ${type}${functionName} ${url.split('/').at(-1)}:${lineNumber}`,
      )
    }
  }
}
