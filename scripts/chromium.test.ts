import { expect, it } from 'vitest'
import { usualPlaces } from './chromium.ts'

it('looks for Chromium where each system has it, for Edge on Windows last', () => {
  const windows = usualPlaces('win32', {
    ProgramFiles: 'C:\\Program Files',
    'ProgramFiles(x86)': 'C:\\Program Files (x86)',
  })
  expect(windows[0]).toBe('C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe')
  expect(windows.at(-1)).toBe('C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe')
  expect(windows).toHaveLength(6)
  expect(usualPlaces('darwin')[0]).toMatch(/^\/Applications\/Google Chrome\.app\//)
  expect(usualPlaces('linux')).toContain('/usr/bin/chromium')
})
