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

/** Tops the bits up to at least 32. */
// @ts-ignore: decorator
@inline
function refill(): void {
  if (count > 32) return
  if (at + 4 <= last) {
    const word = load<u32>(at)
    // No byte of it is 0xff: no stuffing, no marker.
    if (((~word - 0x01010101) & word & 0x80808080) === 0) {
      bits = (bits << 32) | u64(bswap<u32>(word))
      count += 32
      at += 4
      return
    }
  }
  refillSlowly()
}

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
 * The symbol of the code that comes next. A table has 512 16-bit entries `length << 8 | symbol`
 * looked up by nine bits; 0 there stands for a longer code, found by comparing with the largest code
 * of each length: 18 32-bit values from byte 1024 on (`limit[length]`, left-aligned to 16 bits), 18
 * offsets from byte 1096 on, the symbols from byte 1168 on. At 1424 begins the AC table's table of
 * whole coefficients, 1024 32-bit entries, see `decodeBlock`.
 */
// @ts-ignore: decorator
@inline
function decodeSymbol(table: u32): i32 {
  const entry: u32 = load<u16>(table + ((u32(bits >> (count - 9)) & 511) << 1))
  if (entry !== 0) {
    count -= entry >> 8
    return entry & 255
  }
  return decodeLongSymbol(table)
}

function decodeLongSymbol(table: u32): i32 {
  const next = u32(bits >> (count - 16)) & 0xffff
  let length: u32 = 10
  while (length <= 16 && next >= load<u32>(table + 1024 + (length << 2))) length++
  if (length > 16) return -1
  count -= length
  const place = (next >> (16 - length)) + load<u32>(table + 1096 + (length << 2))
  return load<u8>(table + 1168 + (place & 255))
}

/** A number of `size` bits as T.81 figure F.12 extends it. */
// @ts-ignore: decorator
@inline
function receive(size: i32): i32 {
  count -= size
  const value = i32(bits >> count) & ((1 << size) - 1)
  return value < 1 << (size - 1) ? value - (1 << size) + 1 : value
}

/**
 * Reads one block to `block`, which must be zero. Most codes and the number behind them fit ten bits
 * together: for these, the AC table has `value << 16 | run << 8 | bits`.
 * @returns the zigzag place of the last coefficient, or -1 for a code that there is not
 */
function decodeBlock(block: u32, component: ComponentParameters, zigzag: u32): i32 {
  refill()
  const size = decodeSymbol(component.dcTable)
  if (size < 0 || size > 15) return -1
  if (size !== 0) {
    refill()
    component.prediction += receive(size)
  }
  store<i16>(block, i16(component.prediction))
  const table = component.acTable
  let place: i32 = 0
  while (place < 63) {
    refill()
    const whole = load<i32>(table + 1424 + ((u32(bits >> (count - 10)) & 1023) << 2))
    if (whole !== 0) {
      count -= whole & 255
      place += (whole >> 8) & 255
      store<i16>(block + (u32(load<u8>(zigzag + place)) << 1), i16(whole >> 16))
      continue
    }
    const symbol = decodeSymbol(table)
    if (symbol < 0) return -1
    const bitCount = symbol & 15
    const run = symbol >> 4
    if (bitCount === 0) {
      if (run !== 15) break
      place += 16
      continue
    }
    place += run + 1
    const value = receive(bitCount)
    store<i16>(block + (u32(load<u8>(zigzag + place)) << 1), i16(value))
  }
  return place > 63 ? -1 : place
}

/** Passes over one block: as `decodeBlock`, but of its numbers only the DC is kept. */
function skipBlock(component: ComponentParameters): i32 {
  refill()
  const size = decodeSymbol(component.dcTable)
  if (size < 0 || size > 15) return -1
  if (size !== 0) {
    refill()
    component.prediction += receive(size)
  }
  const table = component.acTable
  let place: i32 = 0
  while (place < 63) {
    refill()
    const whole = load<i32>(table + 1424 + ((u32(bits >> (count - 10)) & 1023) << 2))
    if (whole !== 0) {
      count -= whole & 255
      place += (whole >> 8) & 255
      continue
    }
    const symbol = decodeSymbol(table)
    if (symbol < 0) return -1
    const bitCount = symbol & 15
    const run = symbol >> 4
    if (bitCount === 0) {
      if (run !== 15) break
      place += 16
      continue
    }
    place += run + 1
    count -= bitCount
  }
  return place > 63 ? -1 : place
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
  memory.fill(block, 0, 128)
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
            const place = decodeBlock(block, component, p.zigzag)
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
              memory.fill(block, 0, 128)
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
