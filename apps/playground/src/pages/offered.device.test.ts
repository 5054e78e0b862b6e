// Models that the page's owner offers, in Chromium: servers that may not be read, are silent or send something else are
// passed over, and where none is left the page says what happened and what helps.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, expect, it } from 'vitest'
import { describeSite, folder, openWith } from '../testing/site.ts'

const weights = readFileSync(join(folder, 'src/models/shapes.safetensors'))
const cors = { 'access-control-allow-origin': '*', 'content-length': weights.length }

/** A connection counts as broken after half a minute's silence: here time runs twenty times as fast. */
const hurried = `const { setTimeout: wait } = self
self.setTimeout = (job, milliseconds, ...args) => wait(job, milliseconds / 20, ...args);`

const servers: Server[] = []
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

/** The address of the file on a server of its own, and how often it was asked. */
async function serve(answer: RequestListener) {
  let asked = 0
  const server = createServer((request, response) => {
    asked++
    answer(request, response)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/shapes.safetensors`, asked: () => asked }
}

const unreadable = () =>
  serve((_, response) => response.writeHead(200, { 'content-length': weights.length }).end(weights))
const silent = () => serve((_, response) => response.writeHead(200, cors).flushHeaders())
const wrong = () =>
  serve((_, response) => response.writeHead(200, cors).end(weights.map((byte) => byte ^ 1)))
const good = () => serve((_, response) => response.writeHead(200, cors).end(weights))

describeSite('Models that the page’s owner offers', (site) => {
  async function choose(urls: readonly string[], script = hurried): Promise<Page> {
    const page = await openWith(site, script)
    const record = {
      name: 'own',
      description: 'Drawn shapes of our own',
      urls,
      bytes: weights.length,
      sha256: createHash('sha256').update(weights).digest('hex'),
      architecture: 'lenet-5',
      labels: [...'abcdefghij'],
      preprocessing: {
        resize: 32,
        crop: 32,
        interpolation: 'bilinear',
        mean: [0, 0, 0],
        std: [1, 1, 1],
      },
    }
    await page.route('**/models.json', (route) => route.fulfill({ json: [record] }))
    await page.reload()
    await page.getByTestId('status').waitFor()
    await page.getByRole('combobox', { name: 'Model' }).selectOption('own')
    return page
  }

  it('come from the first server that has them', async () => {
    const given = await Promise.all([unreadable(), silent(), wrong(), good()])
    const page = await choose(given.map(({ url }) => url))
    await page.getByTestId('status').filter({ hasText: 'Drawn shapes of our own' }).waitFor()
    expect(given.map(({ asked }) => asked())).toEqual([1, 1, 1, 1])
    await page.locator('.bars').first().waitFor()
    await page.context().close()
  })

  it('leave the model before at work while they come, and can be given up', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, cors).write(weights.subarray(0, 1000))
    })
    // Not hurried: it is given up before its silence is too long.
    const page = await choose([url], '')
    await page.getByText('Downloading the model: 0 of 0 MB').waitFor()
    // A picture is answered meanwhile.
    await page.getByRole('button', { name: 'Samples' }).click()
    await expect.poll(() => page.locator('.bars').count(), { timeout: 60_000 }).toBe(10)
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Cancel' }).waitFor({ state: 'detached' })
    expect(await page.getByRole('alert').count()).toBe(0)
    await page.getByRole('combobox', { name: 'Model' }).selectOption('shapes')
    await page.getByTestId('status').filter({ hasText: 'LeNet-5' }).waitFor()
    await page.context().close()
  })

  it('that no server has are explained, server by server', async () => {
    const given = await Promise.all([unreadable(), silent(), wrong()])
    const page = await choose(given.map(({ url }) => url))
    const alert = page.getByText(/^Weights 'own'/)
    await alert.waitFor()
    const text = await alert.textContent()
    const [first, second, third] = given.map(({ url }) => url)
    expect(text).toContain(
      `from ${first}: Failed to fetch (no network, or the server lets no other pages read its files: CORS)`,
    )
    expect(text).toContain(`from ${second}: nothing came for 30 s`)
    expect(text).toContain(`from ${third}: it sent other bytes than the published ones`)
    expect(text).toMatch(/by hand and open that file.*\(kept: cifar10-int8\)/)
    await page.context().close()
  })
})
