// Which process something on the disk belongs to, and whether that process still lives. A number alone does not
// tell: numbers are used again, and in a container every program is process 1. So an owner is a number, when
// that process began, and the place where the number counts: a system since its start, and in it a container.

import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** How an owner is written down, for a regular expression. */
export const OWNER = String.raw`\d+-[0-9a-z]+-[0-9a-f]{8}`

/** Where the system does not say when a process began. */
const UNKNOWN = '0'

let own: string | undefined

/** This process, as text that fits into the name of a file. */
export function thisProcess(): string {
  own ??= [process.pid, startOf(process.pid), place()].join('-')
  return own
}

/** Whether an owner lives; undefined where it cannot be known: it is of another machine or container. */
export function isAlive(owner: string): boolean | undefined {
  const [id, started, where] = owner.split('-')
  if (where !== thisProcess().split('-')[2]) return undefined
  const found = startOf(Number(id))
  if (found === undefined) return false
  return found === started || found === UNKNOWN || started === UNKNOWN
}

/** When a process began, in the system's own count; undefined when there is no such process. */
function startOf(id: number): string | undefined {
  try {
    // Linux: the name of the program, the only field that may hold anything, ends at the last bracket.
    const stat = readFileSync(`/proc/${id}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // One that has ended, and that nobody has asked about yet, is not alive.
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined
    return Number(fields[19]).toString(36)
  } catch {
    return isThere(id) ? UNKNOWN : undefined
  }
}

function isThere(id: number): boolean {
  try {
    process.kill(id, 0)
    return true
  } catch (error) {
    // A process of another user's is alive, too.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Where process numbers count: 8 hexadecimal digits. */
function place(): string {
  const parts = [hostname()]
  try {
    parts.splice(0, 1, readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim())
    parts.push(readlinkSync('/proc/self/ns/pid'))
  } catch {
    // Not Linux, or a Linux that does not tell: by the name of the machine.
  }
  return createHash('sha256').update(parts.join(' ')).digest('hex').slice(0, 8)
}
