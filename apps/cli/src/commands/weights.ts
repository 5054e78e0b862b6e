// alexnet weights: published weights in the cache of this machine, and those that come with the program.

import { createHash } from 'node:crypto'
import type { WeightDescription, WeightRecord } from '@alexnet/weights'
import { weightRecords } from '@alexnet/weights'
import { listWeights, removeWeights, verifyWeights } from '@alexnet/weights/node'
import { bundledWeights, downloadWeights, publishedWeights } from '../model.ts'
import { exitCodes, UsageError } from '../terminal/errors.ts'
import { megabytes } from '../terminal/format.ts'
import { bold, print, printJson } from '../terminal/print.ts'
import { command } from '../terminal/shell.ts'

interface Options {
  json?: boolean
}

interface Listed extends Omit<WeightDescription, 'labels'> {
  state: 'bundled' | 'cached' | 'partial' | 'absent'
  /** Bytes that are here. */
  received: number
  path?: string
  urls?: readonly string[]
}

type Verified = { name: string; state: 'ok' | 'damaged' | 'absent' }

export async function list({ json }: Options): Promise<void> {
  const listed = await listedWeights()
  if (json) return printJson(listed, 2)
  const width = Math.max(...listed.map(({ name }) => name.length))
  for (const weights of listed) {
    const { name, description, bytes, licence, metrics, path } = weights
    const { dataset, top1, top5 } = metrics
    const indent = ' '.repeat(width + 2)
    const accuracy = `${dataset}: top-1 ${top1}%${top5 === undefined ? '' : `, top-5 ${top5}%`}`
    print(`${bold(name.padEnd(width))}  ${megabytes(bytes)}, ${stateInWords(weights)}`)
    for (const line of [description, accuracy, licence]) print(`${indent}${line}`)
    if (path && weights.state !== 'absent') print(`${indent}${path}`)
  }
}

async function listedWeights(): Promise<Listed[]> {
  const bundled = bundledWeights.map(({ load: _, labels: __, ...known }) => ({
    ...known,
    state: 'bundled' as const,
    received: known.bytes,
  }))
  const cached = (await listWeights()).map(({ record, state, bytes: received, path }) => {
    const { labels: _, ...known } = record
    return { ...known, state, received, path }
  })
  return [...bundled, ...cached]
}

function stateInWords({ state, received, name }: Listed): string {
  switch (state) {
    case 'bundled':
      return 'comes with the program'
    case 'cached':
      return 'in the cache'
    case 'partial':
      return `${megabytes(received)} of them in the cache; go on with: ${command`alexnet weights pull ${name}`}`
    case 'absent':
      return 'not downloaded yet'
  }
}

export async function pull(
  names: readonly string[],
  { json = false, mirror }: Options & { mirror?: string },
): Promise<void> {
  const done: { name: string; path: string | null }[] = []
  for (const { name, record } of named(names)) {
    const path = record ? await downloadWeights(record, { quiet: json, mirror }) : null
    done.push({ name, path })
    if (!json) print(path ?? `${name} comes with the program: nothing to download`)
  }
  if (json) printJson(done, 2)
}

export async function verify(names: readonly string[], { json }: Options): Promise<void> {
  const isAll = names.length === 0
  const results: Verified[] = []
  for (const { name, record } of named(isAll ? publishedWeights().map((w) => w.name) : names)) {
    const state = record ? await verifyWeights(record) : await verifyBundled(name)
    if (isAll && state === 'absent') continue
    results.push({ name, state })
  }
  if (json) printJson(results, 2)
  else if (results.length === 0) print('no weights are here yet: alexnet weights list')
  else for (const result of results) print(verdict(result))
  if (results.some(({ state }) => state !== 'ok')) process.exitCode = exitCodes.failed
}

function verdict({ name, state }: Verified): string {
  const again = command`alexnet weights pull ${name}`
  if (state === 'ok') return `${name}: as published`
  if (state === 'absent') return `${name}: not here; download with: ${again}`
  return `${name}: damaged; remove and download again: ${command`alexnet weights remove ${name}`} && ${again}`
}

async function verifyBundled(name: string): Promise<'ok' | 'damaged'> {
  const weights = bundledWeights.find((bundled) => bundled.name === name)!
  const digest = createHash('sha256')
    .update(await weights.load())
    .digest('hex')
  return digest === weights.sha256 ? 'ok' : 'damaged'
}

export async function remove(names: readonly string[], { json }: Options): Promise<void> {
  const removed: { name: string; freed: number }[] = []
  for (const { name, record } of named(names)) {
    if (!record) throw new UsageError(`${name} comes with the program and cannot be removed`)
    const freed = await removeWeights(record)
    removed.push({ name, freed })
    if (!json) print(freed > 0 ? `${name}: ${megabytes(freed)} freed` : `${name}: was not here`)
  }
  if (json) printJson(removed, 2)
}

/** Records by name, all of them known before anything happens; none for what comes with the program. */
function named(names: readonly string[]): { name: string; record?: WeightRecord }[] {
  const known = publishedWeights().map(({ name }) => name)
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw new UsageError(`there are no weights called '${unknown}'; there are: ${known.join(', ')}`)
  }
  return [...new Set(names)].map((name) => {
    const record = weightRecords.find((candidate) => candidate.name === name)
    return { name, ...(record && { record }) }
  })
}
