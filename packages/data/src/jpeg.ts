// Baseline JPEG pictures to pixels in WebAssembly, the very bytes that Pillow (libjpeg-turbo) gives,
// in Node and in browsers alike. It exists for two things that no library offers: the same pixels
// everywhere, and decoding only the part of a picture that a crop needs. What it cannot decode, and
// what is damaged, it hands back untouched: the platform's decoder has the last word.
//
// How it compares: docs/benchmarks. The loops are kernels/jpeg-*.as.

import { type HuffmanTable, type JpegFrame, zigzag } from './jpeg-header.ts'
import type { Box, Picture } from './picture.ts'
import { PixelModule, pixelModule } from './pixel-module.ts'

/** Larger pictures are left to the platform's decoder, which works in strips. */
const MOST_PIXELS = 1 << 24

/**
 * Decodes a picture, or the part `window` of it.
 * @param window Only its pixels are decoded; the others are undefined. Default all.
 * @returns A picture of the whole size, not turned by its orientation, on the module's memory: it
 *   holds until the next call. Undefined where the data is cut off or damaged, or the picture large.
 */
export function decodeJpeg(
  bytes: Uint8Array,
  frame: JpegFrame,
  window: Box = { left: 0, top: 0, width: frame.width, height: frame.height },
): Picture | undefined {
  const { width, height, components } = frame
  if (width * height > MOST_PIXELS || !endsProperly(bytes)) return undefined
  const module = pixelModule()
  const [luma] = components
  const { horizontal, vertical } = luma!
  const unitWidth = 8 * horizontal
  const unitHeight = 8 * vertical
  const unitsAcross = Math.ceil(width / unitWidth)
  const unitsDown = Math.ceil(height / unitHeight)
  // Fancy upsampling looks one chroma sample further; libjpeg has none for very narrow pictures.
  const chromaWidth = Math.ceil(width / horizontal)
  const chromaHeight = Math.ceil(height / vertical)
  if (components.length === 3 && horizontal === 2 && chromaWidth <= 2) return undefined
  const right = window.left + window.width
  const bottom = window.top + window.height
  const margin = { x: horizontal === 1 ? 0 : 2, y: vertical === 1 ? 0 : 2 }
  const unitRows = Math.min(unitsDown, Math.ceil((bottom + margin.y) / unitHeight))

  const arena = new Arena()
  const scanParameters = arena.take(48)
  const convertParameters = arena.take(80)
  const componentParameters = arena.take(32 * components.length)
  const block = arena.take(160)
  const order = arena.take(80)
  const quantization = components.map(() => arena.take(128))
  const strides = components.map((component) => unitsAcross * component.horizontal * 8)
  const planes = components.map((component, at) =>
    arena.take(strides[at]! * unitsDown * component.vertical * 8 + 64),
  )
  const rows = [0, 1, 2].map(() => arena.take(2 * (width + 128)))
  const pictureBytes = width * height * 3
  const data = arena.take(bytes.length - frame.scanStart + 16)
  const out = arena.take(pictureBytes + 64)
  module.held = arena.end
  // Room for what a resize needs, so that memory does not grow under the picture.
  module.reserve(arena.end + Math.max(4 << 20, 2 * pictureBytes))

  const memory = new Uint8Array(module.buffer)
  const words = new Int32Array(module.buffer)
  memory.set(zigzag, order)
  // A place behind the last coefficient, which only damage leads to, lands outside the block's 64.
  memory.fill(64, order + 64, order + 80)
  memory.set(bytes.subarray(frame.scanStart), data)
  components.forEach((component, at) => {
    const dcTable = placeTable(module, frame.dcTables[component.dcTable]!, false)
    const acTable = placeTable(module, frame.acTables[component.acTable]!, true)
    const factors = frame.quantization[component.quantization]!
    new Uint16Array(module.buffer, quantization[at]!, 64).set(factors)
    words.set(
      [
        ...[component.horizontal, component.vertical, planes[at]!, strides[at]!],
        ...[quantization[at]!, dcTable, acTable, 0],
      ],
      (componentParameters + 32 * at) / 4,
    )
  })
  words.set(
    [
      ...[data, data + bytes.length - frame.scanStart, unitsAcross, unitRows],
      Math.max(0, Math.floor((window.left - margin.x) / unitWidth)),
      Math.min(unitsAcross, Math.ceil((right + margin.x) / unitWidth)),
      Math.max(0, Math.floor((window.top - margin.y) / unitHeight)),
      ...[frame.restartInterval, components.length, componentParameters, block, order],
    ],
    scanParameters / 4,
  )
  if (module.exports.decodeScan(scanParameters) !== 0) return undefined
  words.set(
    [
      ...[components.length, planes[0]!, planes[1] ?? 0, planes[2] ?? 0],
      ...[strides[0]!, strides[1] ?? 0, chromaWidth, chromaHeight, horizontal, vertical],
      // Upsampling makes pixels in pairs.
      ...[window.left - (window.left % horizontal), right, window.top, bottom],
      ...[out, width * 3, rows[0]!, rows[1]!, rows[2]!],
    ],
    convertParameters / 4,
  )
  module.exports.convertRows(convertParameters)
  return { width, height, data: new Uint8Array(module.buffer, out, pictureBytes) }
}

/** Addresses, 16 bytes aligned, one above the other. */
class Arena {
  end = PixelModule.base

  take(bytes: number): number {
    const start = this.end
    this.end = start + ((bytes + 15) & ~15)
    return start
  }
}

/** Whether the end marker is there, zeros behind it aside; without it the file may be cut off. */
function endsProperly(bytes: Uint8Array): boolean {
  let last = bytes.length - 1
  while (last > 1 && bytes[last] === 0) last--
  return bytes[last] === 0xd9 && bytes[last - 1] === 0xff
}

/** Tables that were placed, by the module; the least recently used one makes room. */
const placed = new WeakMap<PixelModule, { table: HuffmanTable; isAc: boolean; address: number }[]>()

/** Where a table lies, in the layout that `findCode` in kernels/jpeg-scan.as describes. Most files have the same few. */
function placeTable(module: PixelModule, { counts, symbols }: HuffmanTable, isAc: boolean): number {
  const tables = placed.get(module) ?? []
  placed.set(module, tables)
  const known = tables.findIndex(
    (one) =>
      one.isAc === isAc && isSame(one.table.counts, counts) && isSame(one.table.symbols, symbols),
  )
  const isFull = tables.length === PixelModule.mostTables
  const [found] = known >= 0 ? tables.splice(known, 1) : isFull ? tables.splice(0, 1) : []
  const address = found?.address ?? PixelModule.tables + tables.length * PixelModule.tableBytes
  if (known < 0) {
    // What the file was read to is read to again.
    const table = { counts: counts.slice(), symbols: symbols.slice() }
    writeHuffmanTable(module.buffer, address, table)
    if (isAc) writeWholeCoefficients(module.buffer, address)
    tables.push({ table, isAc, address })
  } else tables.push(found!)
  return address
}

const isSame = (a: Uint8Array, b: Uint8Array) =>
  a.length === b.length && a.every((value, at) => value === b[at])

function writeHuffmanTable(buffer: ArrayBuffer, address: number, table: HuffmanTable): void {
  const lookup = new Uint16Array(buffer, address, 512).fill(0)
  const limits = new Uint32Array(buffer, address + 1024, 18).fill(0)
  const offsets = new Int32Array(buffer, address + 1096, 18).fill(0)
  new Uint8Array(buffer, address + 1168, 256).fill(0).set(table.symbols)
  let code = 0
  let index = 0
  for (let length = 1; length <= 16; length++) {
    offsets[length] = index - code
    for (let count = table.counts[length - 1]!; count > 0; count--, code++, index++) {
      if (length > 9) continue
      const start = code << (9 - length)
      lookup.fill((length << 8) | table.symbols[index]!, start, start + (1 << (9 - length)))
    }
    limits[length] = code << (16 - length)
    code <<= 1
  }
}

/**
 * Codes together with the numbers behind them: one where it fits ten bits, and as many as fit eleven, to pass over them; see
 * `readBlock`.
 */
function writeWholeCoefficients(buffer: ArrayBuffer, address: number): void {
  const lookup = new Uint16Array(buffer, address, 512)
  const whole = new Int32Array(buffer, address + 1424, 1024)
  const several = new Uint32Array(buffer, address + 1424 + 4096, 2048)
  for (let next = 0; next < 1024; next++) {
    whole[next] = 0
    const entry = lookup[next >> 1]!
    const length = entry >> 8
    const size = entry & 15
    const run = (entry & 255) >> 4
    if (entry === 0 || size === 0 || length + size > 10) continue
    const bits = (next >> (10 - length - size)) & ((1 << size) - 1)
    const value = bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits
    whole[next] = (value << 16) | ((run + 1) << 8) | (length + size)
  }
  for (let next = 0; next < 2048; next++) {
    let [used, places, isEnd] = [0, 0, 0]
    while (isEnd === 0) {
      const entry = lookup[((next << used) & 2047) >> 2]!
      const size = entry & 15
      const bits = (entry >> 8) + size
      // A run of sixteen zeros without a number is left to `readBlock`'s own way.
      if (entry === 0 || used + bits > 11 || (entry & 255) === 0xf0) break
      used += bits
      if (size === 0) isEnd = 1
      else places += ((entry & 255) >> 4) + 1
    }
    several[next] = (isEnd << 16) | (places << 8) | used
  }
}
