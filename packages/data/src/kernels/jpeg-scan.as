// Decoding the scan of a baseline JPEG picture (ITU-T T.81) into planes of bytes: Huffman decoding of each
// block, and its inverse transform (jpeg-transform.as). Markers and tables are read in ../jpeg-header.ts.
//
// Only blocks that a window of the picture needs are transformed, and decoding stops below the last of
// them: a random crop leaves out most of the work but reading the bits above it.

import { fillBlock, inverseTransform } from './jpeg-transform'

@unmanaged
export class ScanParameters {
  /** Compressed bytes of the scan, and where they end. */
  data: u32
  end: u32
  /** Units (MCUs) across, and the row of units to stop before. */
  unitsAcross: i32
  unitRows: i32
  /** First and past-the-last unit, and first row of units, whose pixels are needed. */
  firstUnit: i32
  endUnit: i32
  firstUnitRow: i32
  /** Units between restart markers, or 0. */
  restartInterval: i32
  components: i32
  /** `ComponentParameters`, one after the other. */
  component: u32
  /** Room for one block: 64 16-bit coefficients, then 16 spare. */
  block: u32
  /** The zigzag order as bytes, 64 and 16 spare. */
  zigzag: u32
}

/** Which of the eight restart markers must come next. */
let nextRestart: u32 = 0

@unmanaged
export class ComponentParameters {
  /** Blocks of the component across and down a unit. */
  across: i32
  down: i32
  /** Its plane of bytes, and bytes a row of it. */
  plane: u32
  stride: i32
  /** 64 16-bit factors in natural order. */
  quantization: u32
  /** Huffman tables, see `decodeSymbol`. */
  dcTable: u32
  acTable: u32
  /** DC of the block before. */
  prediction: i32
}

// Bits not yet used, the newest at the lower end; how many; where the next byte is.
let bits: u64 = 0
let count: i32 = 0
let at: u32 = 0
let last: u32 = 0
/** Zero bits made up after the end of the data. */
let madeUp: i32 = 0

/** Tops the bits up to at least 32, byte by byte: where there is stuffing, a marker or the end. */
function refillSlowly(): void {
  while (count <= 48) {
    let byte: u32 = 0
    if (at < last) {
      byte = load<u8>(at)
      if (byte !== 0xff) {
        at++
      } else if (at + 1 < last && load<u8>(at + 1) === 0) {
        at += 2
      } else {
        byte = 0 // a marker, or a lone 0xff at the end: nothing more to read
        madeUp += 8
      }
    } else {
      madeUp += 8
    }
    bits = (bits << 8) | u64(byte)
    count += 8
  }
}

/**
 * The code that comes next, of `next` 16 bits, as `length << 8 | symbol`; -1 where there is none. A table has 512 16-bit
 * entries of that form looked up by nine bits; 0 there stands for a longer code, found by comparing with the largest code
 * of each length: 18 32-bit values from byte 1024 on (`limit[length]`, left-aligned to 16 bits), 18
 * offsets from byte 1096 on, the symbols from byte 1168 on. At 1424 begins the AC table's table of
 * whole coefficients, 1024 32-bit entries, and behind it that of several at once, 2048; see `readBlock`.
 */
// @ts-ignore: decorator
@inline
function findCode(table: u32, next: u32): i32 {
  const entry = i32(load<u16>(table + ((next >> 7) << 1)))
  return entry !== 0 ? entry : findLongCode(table, next)
}

function findLongCode(table: u32, next: u32): i32 {
  let length: u32 = 10
  while (length <= 16 && next >= load<u32>(table + 1024 + (length << 2))) length++
  if (length > 16) return -1
  const place = (next >> (16 - length)) + load<u32>(table + 1096 + (length << 2))
  return i32((length << 8) | load<u8>(table + 1168 + (place & 255)))
}

/** A number of `size` bits as T.81 figure F.12 extends it. */
// @ts-ignore: decorator
@inline
function extended(value: i32, size: i32): i32 {
  return value < 1 << (size - 1) ? value - (1 << size) + 1 : value
}

/**
 * Reads one block, to `block`, which must be zero, where its numbers are wanted; else only the DC is kept. Most codes and the
 * number behind them fit ten bits together: for these, the AC table has `value << 16 | run << 8 | bits`.
 * @returns the zigzag place of the last coefficient, or -1 for a code that there is not
 */
// @ts-ignore: decorator
@inline
function readBlock(component: ComponentParameters, block: u32, zigzag: u32, isWanted: bool): i32 {
  // Of this function alone while it runs: what is read and written with every coefficient is then kept in registers.
  let held = bits
  let left = count
  let from = at
  const end = last
  const table = component.acTable
  let place: i32 = -1
  while (place < 63) {
    if (left <= 32) {
      const word = from + 4 <= end ? load<u32>(from) : 0xff
      // No byte of it is 0xff: no stuffing, no marker.
      if (((~word - 0x01010101) & word & 0x80808080) === 0) {
        held = (held << 32) | u64(bswap<u32>(word))
        left += 32
        from += 4
      } else {
        bits = held
        count = left
        at = from
        refillSlowly()
        held = bits
        left = count
        from = at
      }
    }
    if (place < 0) {
      const code = findCode(component.dcTable, u32(held >> (left - 16)) & 0xffff)
      const size = code & 255
      if (code < 0 || size > 15) return -1
      left -= code >> 8
      if (size !== 0) {
        left -= size
        component.prediction += extended(i32(held >> left) & ((1 << size) - 1), size)
      }
      if (isWanted) store<i16>(block, i16(component.prediction))
      place = 0
      continue
    }
    if (!isWanted) {
      // As many codes with their numbers as fit eleven bits: `isEnd << 16 | places << 8 | bits`. The last place ends the
      // block without a code for that, and what follows is the next block's.
      const several = load<u32>(table + 5520 + ((u32(held >> (left - 11)) & 2047) << 2))
      const after = place + i32((several >> 8) & 255)
      if (several !== 0 && after + i32(several >> 16) <= 63) {
        left -= several & 255
        place = after
        if (several >> 16 !== 0) break
        continue
      }
    }
    const whole = load<i32>(table + 1424 + ((u32(held >> (left - 10)) & 1023) << 2))
    if (whole !== 0) {
      left -= whole & 255
      place += (whole >> 8) & 255
      if (isWanted) store<i16>(block + (u32(load<u8>(zigzag + place)) << 1), i16(whole >> 16))
      continue
    }
    const code = findCode(table, u32(held >> (left - 16)) & 0xffff)
    if (code < 0) return -1
    left -= code >> 8
    const size = code & 15
    const run = (code >> 4) & 15
    if (size === 0) {
      if (run !== 15) break
      place += 16
      continue
    }
    place += run + 1
    left -= size
    if (isWanted) {
      const value = extended(i32(held >> left) & ((1 << size) - 1), size)
      store<i16>(block + (u32(load<u8>(zigzag + place)) << 1), i16(value))
    }
  }
  bits = held
  count = left
  at = from
  return place > 63 ? -1 : place
}

function decodeBlock(component: ComponentParameters, block: u32, zigzag: u32): i32 {
  return readBlock(component, block, zigzag, true)
}

/** Passes over one block. */
function skipBlock(component: ComponentParameters): i32 {
  return readBlock(component, 0, 0, false)
}

/** Makes a block zero; a fill of memory would be a call out of the module. */
// @ts-ignore: decorator
@inline
function clear(block: u32): void {
  for (let byte: u32 = 0; byte < 128; byte += 16) v128.store(block + byte, i64x2.splat(0))
}

/**
 * Decodes the scan's blocks into the components' planes.
 * @returns 0, or the 1-based number of the unit at which the data was found to be cut off or damaged
 */
export function decodeScan(p: ScanParameters): i32 {
  bits = 0
  count = 0
  madeUp = 0
  nextRestart = 0
  at = p.data
  last = p.end
  const block = p.block
  clear(block)
  let untilRestart = p.restartInterval
  for (let row = 0; row < p.unitRows; row++) {
    for (let unit = 0; unit < p.unitsAcross; unit++) {
      const number = row * p.unitsAcross + unit + 1
      if (p.restartInterval !== 0) {
        if (untilRestart === 0) {
          if (!restart(p)) return number
          untilRestart = p.restartInterval
        }
        untilRestart--
      }
      const needed = row >= p.firstUnitRow && unit >= p.firstUnit && unit < p.endUnit
      for (let c = 0; c < p.components; c++) {
        const component = changetype<ComponentParameters>(
          p.component + c * offsetof<ComponentParameters>(),
        )
        for (let y = 0; y < component.down; y++) {
          for (let x = 0; x < component.across; x++) {
            if (!needed) {
              if (skipBlock(component) < 0) return number
              continue
            }
            const place = decodeBlock(component, block, p.zigzag)
            if (place < 0) return number
            const out =
              component.plane +
              (row * component.down + y) * 8 * component.stride +
              (unit * component.across + x) * 8
            if (place === 0) {
              fillBlock(load<i16>(block), load<i16>(component.quantization), out, component.stride)
              store<i16>(block, 0)
            } else {
              inverseTransform(block, component.quantization, out, component.stride)
              clear(block)
            }
          }
        }
      }
    }
    // Made-up bits are the last of those unused; with fewer unused, some were taken for real ones.
    if (madeUp > 0 && count < madeUp) return (row + 1) * p.unitsAcross
  }
  return 0
}

/** Goes on behind the restart marker that must come now. */
function restart(p: ScanParameters): bool {
  if (madeUp > 0 && count < madeUp) return false
  // Whole bytes left unused were read ahead; without a marker before `at` that cannot be undone, but
  // reading stops at markers, so the marker is at `at`, fill bits apart.
  if (count - madeUp >= 8) return false
  if (at + 1 >= last || load<u8>(at) !== 0xff) return false
  while (at + 1 < last && load<u8>(at + 1) === 0xff) at++
  const marker = load<u8>(at + 1)
  // libjpeg has rules of its own for going on after any other.
  if (marker !== 0xd0 + nextRestart) return false
  nextRestart = (nextRestart + 1) & 7
  at += 2
  bits = 0
  count = 0
  madeUp = 0
  for (let c = 0; c < p.components; c++) {
    changetype<ComponentParameters>(p.component + c * offsetof<ComponentParameters>()).prediction = 0
  }
  return true
}
