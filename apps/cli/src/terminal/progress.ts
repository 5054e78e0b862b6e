// A progress bar on stderr for long work: drawn on a terminal only, so that logs and pipes stay clean.

import { Presets, SingleBar } from 'cli-progress'
import { isMuted, shown, tell } from './print.ts'

export interface Progress {
  update(done: number, note?: string): void
  /** Writes a line above the bar. */
  log(line: string): void
  stop(): void
}

/**
 * @param title what is being done, at most some 12 characters
 * @param total in units, for example pictures
 * @param quiet no bar and no lines, as `--json` asks
 * @param unit behind the numbers, for example ` MB`
 */
export function progress(
  title: string,
  total: number,
  { quiet = false, unit = '' } = {},
): Progress {
  if (quiet || isMuted()) return { update() {}, log() {}, stop() {} }
  if (!process.stderr.isTTY) return { update() {}, log: tell, stop() {} }
  const bar = new SingleBar(
    {
      format: `${shown(title)} {bar} {percentage}% {value}/{total}${unit} {eta_formatted} left {note}`,
      barsize: 20,
      hideCursor: true,
      clearOnComplete: true,
      stopOnComplete: false,
      linewrap: false,
      gracefulExit: false,
      etaBuffer: 30,
      stream: process.stderr,
    },
    Presets.shades_classic,
  )
  bar.start(total, 0, { note: '' })
  let done = 0
  let note = ''
  return {
    update(value, text = '') {
      done = value
      note = shown(text)
      bar.update(value, { note })
    },
    log(line) {
      process.stderr.write('\r\x1b[2K')
      tell(line)
      bar.update(done, { note })
    },
    stop: () => bar.stop(),
  }
}
