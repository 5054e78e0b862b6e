import { expect, it } from 'vitest'
import { type Report, report } from './report.ts'

it('the CPU backend trains in a worker with threads of its own, to the numbers of the page', async () => {
  expect(crossOriginIsolated).toBe(true)
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
  const found = await new Promise<Report | string>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data)
    worker.onerror = ({ message }) => reject(new Error(message))
  })
  worker.terminate()
  const onPage = await report()
  expect(found).toEqual(onPage)
  expect(onPage.device).toBe('CPU, WebAssembly, 2 threads')
  expect(onPage.features).toContain('shared-memory')
  expect(onPage.worstError).toBeLessThan(1e-5)
})
