// WGSL of the one matrix product through which fully connected layers and convolutions run: a workgroup
// computes a tile of the result, its threads bring strips of both factors into workgroup memory, each thread
// keeps a block of the tile in registers. Factors differ in how they are found in memory only: as stored,
// transposed, as windows of a picture, as a turned filter. Everything is moved by 4×4 blocks, four numbers of
// memory at a time where the innermost dimension is a multiple of four.

/** How the left factor [rows, depth] lies in memory. */
export type Left =
  /** [rows, depth] */
  | 'rows'
  /** [depth, rows] */
  | 'transposed'
  /** Rows are positions of a map, depth the taps (y, x, channel) of the filter over an NHWC picture. */
  | 'patches'
  /** The same turned: rows are taps, depth positions. */
  | 'patches-transposed'
  /** Rows are pixels of a picture, depth the taps (y, x, map channel) that spread the map's gradient. */
  | 'spread'

/** How the right factor [depth, columns] lies in memory. */
export type Right =
  /** [depth, columns] */
  | 'rows'
  /** [columns, depth] */
  | 'transposed'
  /** A filter [y, x, channel, map] with depth (y, x, map) and columns channel. */
  | 'filter-transposed'

/** Sizes in numbers; threads of a workgroup are (rows / threadRows) × (columns / threadColumns). */
export interface Tile {
  rows: number
  columns: number
  depth: number
  threadRows: number
  threadColumns: number
}

export interface Variant {
  left: Left
  right: Right
  /** Whether four neighbours of the innermost dimension are read or written at once. */
  leftVectors: boolean
  rightVectors: boolean
  resultVectors: boolean
  /** Whether the sums start from a row of numbers, one for each column. */
  start: boolean
  activation: 'linear' | 'relu' | 'relu6'
  tile: Tile
}

export const productFields = {
  rows: 'u32',
  columns: 'u32',
  depth: 'u32',
  columnTiles: 'u32',
  tiles: 'u32',
  /** Depth is cut into this many pieces of `splitDepth`, whose sums go to results one after the other. */
  splits: 'u32',
  splitDepth: 'u32',
  /** Where each factor and the result begin, and their strides from one product of a batch to the next. */
  leftOffset: 'u32',
  rightOffset: 'u32',
  resultOffset: 'u32',
  leftBatch: 'u32',
  rightBatch: 'u32',
  resultBatch: 'u32',
  pictureHeight: 'u32',
  pictureWidth: 'u32',
  pictureChannels: 'u32',
  mapHeight: 'u32',
  mapWidth: 'u32',
  mapChannels: 'u32',
  filterWidth: 'u32',
  strideHeight: 'u32',
  strideWidth: 'u32',
  padTop: 'u32',
  padLeft: 'u32',
  dilationHeight: 'u32',
  dilationWidth: 'u32',
} as const

export function productName(variant: Variant): string {
  const { tile, left, right, leftVectors, rightVectors, resultVectors, start, activation } = variant
  const widths = [leftVectors, rightVectors, resultVectors].map((wide) => (wide ? 4 : 1)).join('')
  const sizes = `${tile.rows}×${tile.columns}×${tile.depth}/${tile.threadRows}×${tile.threadColumns}`
  return `product ${left} ${right} ${widths} ${start ? 'start ' : ''}${activation} ${sizes}`
}

export function productCode(variant: Variant): string {
  const { tile, start, resultVectors } = variant
  const result = resultVectors ? 'vec4<f32>' : 'f32'
  const across = tile.columns / tile.threadColumns
  const down = tile.rows / tile.threadRows
  const threads = across * down
  const rowBlocks = tile.rows / 4
  const columnBlocks = tile.columns / 4
  const depthBlocks = tile.depth / 4
  const ownRows = range(tile.threadRows / 4)
  const ownColumns = range(tile.threadColumns / 4)
  // Fewer blocks than threads: some are idle while the tile is brought; otherwise an exact number of rounds.
  const bring = (name: string, blocks: number, first: string) => {
    const total = blocks * depthBlocks
    const body = `
      let block = block0 % ${blocks}u;
      let inner = block0 / ${blocks}u;
      let found = ${name}Block(${first} + block * 4u, depth0 + inner * 4u, end);
      ${unrolled((j) => `${name}Tile[(inner * 4u + ${j}u) * ${blocks}u + block] = found[${j}];`)}`
    return total === threads
      ? `{ let block0 = thread;${body} }`
      : `for (var block0 = thread; block0 < ${total}u; block0 += ${threads}u) {${body} }`
  }
  const each = (f: (row: number, column: number) => string) =>
    range(tile.threadRows).flatMap((row) => ownColumns.map((column) => f(row, column)))

  return `
@group(0) @binding(0) var<storage, read> left: array<${variant.leftVectors ? 'vec4<f32>' : 'f32'}>;
@group(0) @binding(1) var<storage, read> right: array<${variant.rightVectors ? 'vec4<f32>' : 'f32'}>;
@group(0) @binding(2) var<storage, read_write> result: array<${result}>;
${start ? `@group(0) @binding(3) var<storage, read> start: array<${result}>;` : ''}

var<workgroup> leftTile: array<vec4<f32>, ${tile.depth * rowBlocks}>;
var<workgroup> rightTile: array<vec4<f32>, ${tile.depth * columnBlocks}>;
var<private> leftBegin: u32;
var<private> rightBegin: u32;
${reader('left', variant.leftVectors)}
${reader('right', variant.rightVectors)}
${leftBlock(variant)}
${rightBlock(variant)}
${store(variant)}

@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let tile = group.y * groups.x + group.x;
  if (tile >= p.tiles) { return; }
  let batch = group.z / p.splits;
  let split = group.z % p.splits;
  leftBegin = p.leftOffset + batch * p.leftBatch;
  rightBegin = p.rightOffset + batch * p.rightBatch;
  let firstRow = (tile / p.columnTiles) * ${tile.rows}u;
  let firstColumn = (tile % p.columnTiles) * ${tile.columns}u;
  let down = thread / ${across}u;
  let across = thread % ${across}u;
${each((row, column) => `  var s${row}_${column} = vec4<f32>();`).join('\n')}
  let end = min(p.depth, (split + 1u) * p.splitDepth);
  for (var depth0 = split * p.splitDepth; depth0 < end; depth0 += ${tile.depth}u) {
    ${bring('left', rowBlocks, 'firstRow')}
    ${bring('right', columnBlocks, 'firstColumn')}
    workgroupBarrier();
    for (var k = 0u; k < ${tile.depth}u; k++) {
${ownRows.map((i) => `      let l${i} = leftTile[k * ${rowBlocks}u + down + ${i * down}u];`).join('\n')}
${ownColumns.map((j) => `      let r${j} = rightTile[k * ${columnBlocks}u + across + ${j * across}u];`).join('\n')}
${each((row, column) => `      s${row}_${column} += l${Math.floor(row / 4)}.${'xyzw'[row % 4]} * r${column};`).join('\n')}
    }
    workgroupBarrier();
  }
  let resultBegin = p.resultOffset + group.z * p.resultBatch;
${each(
  (row, column) =>
    `  store(resultBegin, firstRow + (down + ${Math.floor(row / 4) * down}u) * 4u + ${row % 4}u, firstColumn + (across + ${column * across}u) * 4u, s${row}_${column});`,
).join('\n')}
}
`
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i)

/** Four lines of WGSL; loops over elements of a matrix would keep it in memory. */
const unrolled = (line: (i: number) => string) => range(4).map(line).join('\n  ')

/** WGSL that returns the block of four lines `f0` … `f3`, turned where they run along the depth. */
const block = (turned: boolean) =>
  turned ? 'return transpose(mat4x4<f32>(f0, f1, f2, f3));' : 'return mat4x4<f32>(f0, f1, f2, f3);'

/** Four neighbours from an element on, of which the first `count` are there; the others are zero. */
function reader(name: 'left' | 'right', vectors: boolean): string {
  if (vectors) {
    return `
fn ${name}Four(index: u32, count: u32) -> vec4<f32> {
  return select(vec4<f32>(), ${name}[index / 4u], count > 0u);
}
fn ${name}One(index: u32) -> f32 { return ${name}[index / 4u][index % 4u]; }`
  }
  return `
fn ${name}Four(index: u32, count: u32) -> vec4<f32> {
  return select(vec4<f32>(), vec4<f32>(${name}[index], ${name}[index + 1u], ${name}[index + 2u], ${name}[index + 3u]),
    vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(count));
}
fn ${name}One(index: u32) -> f32 { return ${name}[index]; }`
}

const rest = (total: string, from: string) => `select(0u, ${total} - ${from}, ${from} < ${total})`

/** The 4×4 block from (row, k) on, its columns along the rows; zero outside of the matrix. */
function leftBlock({ left, leftVectors }: Variant): string {
  const signature = 'fn leftBlock(row: u32, k: u32, end: u32) -> mat4x4<f32>'
  switch (left) {
    case 'rows':
      return `${signature} {
  let count = ${rest('end', 'k')};
  ${unrolled((i) => `let f${i} = leftFour(leftBegin + (row + ${i}u) * p.depth + k, select(0u, count, row + ${i}u < p.rows));`)}
  ${block(true)}
}`
    case 'transposed':
      return `${signature} {
  let count = ${rest('p.rows', 'row')};
  ${unrolled((j) => `let f${j} = leftFour(leftBegin + (k + ${j}u) * p.rows + row, select(0u, count, k + ${j}u < end));`)}
  ${block(false)}
}`
    case 'patches':
      return `${positionAndTap}${patch(leftVectors)}${signature} {
  let taps = tapsOf(k, p.pictureChannels);
  ${unrolled((i) => `let f${i} = patchAt(row + ${i}u, p.rows, taps, k, end);`)}
  ${block(true)}
}`
    case 'patches-transposed':
      return `${positionAndTap}${patch(leftVectors)}${signature} {
  let taps = tapsOf(row, p.pictureChannels);
  ${unrolled((j) => `let f${j} = patchAt(k + ${j}u, end, taps, row, p.rows);`)}
  ${block(false)}
}`
    case 'spread':
      return `${positionAndTap}${spreading(leftVectors)}${signature} {
  let taps = tapsOf(k, p.mapChannels);
  ${unrolled((i) => `let f${i} = spreadAt(row + ${i}u, p.rows, taps, k, end);`)}
  ${block(true)}
}`
  }
}

function rightBlock({ right }: Variant): string {
  const signature = 'fn rightBlock(column: u32, k: u32, end: u32) -> mat4x4<f32>'
  switch (right) {
    case 'rows':
      return `${signature} {
  let count = ${rest('p.columns', 'column')};
  ${unrolled((j) => `let f${j} = rightFour(rightBegin + (k + ${j}u) * p.columns + column, select(0u, count, k + ${j}u < end));`)}
  ${block(false)}
}`
    case 'transposed':
      return `${signature} {
  let count = ${rest('end', 'k')};
  ${unrolled((i) => `let f${i} = rightFour(rightBegin + (column + ${i}u) * p.depth + k, select(0u, count, column + ${i}u < p.columns));`)}
  ${block(true)}
}`
    case 'filter-transposed':
      // Four maps may cross from one tap to the next where maps are no multiple of four.
      return `fn filterFour(column: u32, k: u32, end: u32) -> vec4<f32> {
  var found = vec4<f32>();
  if (column >= p.columns || k >= end) { return found; }
  let tap = k / p.mapChannels;
  let map = k % p.mapChannels;
  if (map + 4u <= p.mapChannels) {
    return rightFour((tap * p.columns + column) * p.mapChannels + map, end - k);
  }
  for (var j = 0u; j < min(end - k, 4u); j++) {
    let own = (k + j) / p.mapChannels;
    found[j] = rightOne((own * p.columns + column) * p.mapChannels + (k + j) % p.mapChannels);
  }
  return found;
}
${signature} {
  ${unrolled((i) => `let f${i} = filterFour(column + ${i}u, k, end);`)}
  ${block(true)}
}`
  }
}

/** A row's picture, y and x; and a depth's filter row, column and channel. */
const positionAndTap = `
struct Taps { y: u32, x: u32, channel: u32 }
fn tapsOf(k: u32, channels: u32) -> Taps {
  let tap = k / channels;
  return Taps(tap / p.filterWidth, tap % p.filterWidth, k % channels);
}
fn positionOf(position: u32, height: u32, width: u32) -> vec3<u32> {
  let row = position / width;
  return vec3<u32>(row / height, row % height, position % width);
}
`

/**
 * Reads four taps at once where they are of one pixel, otherwise one after the other. Pixels outside of the
 * picture are told by numbers that wrap below zero to beyond its size.
 */
const four = (name: string, [height, width, channels]: string[], pixel: string, wide: boolean) => `
const nowhere = 0xffffffffu;
fn ${name}Pixel(at: vec3<u32>, y: u32, x: u32) -> u32 {${pixel}}
fn ${name}(position: u32, positions: u32, taps: Taps, k: u32, end: u32) -> vec4<f32> {
  if (position >= positions || k >= end) { return vec4<f32>(); }
  let at = positionOf(position, ${height}, ${width});
  if (taps.channel + 4u <= ${channels}) {
    let pixel = ${name}Pixel(at, taps.y, taps.x);
    if (pixel == nowhere) { return vec4<f32>(); }
    return leftFour(pixel * ${channels} + taps.channel, end - k);
  }
  ${
    wide
      ? 'return vec4<f32>();'
      : `var found = vec4<f32>();
  var tap = taps;
  for (var j = 0u; j < min(4u, end - k); j++) {
    let pixel = ${name}Pixel(at, tap.y, tap.x);
    if (pixel != nowhere) { found[j] = leftOne(pixel * ${channels} + tap.channel); }
    tap.channel++;
    if (tap.channel == ${channels}) {
      tap.channel = 0u;
      tap.x++;
      if (tap.x == p.filterWidth) { tap.x = 0u; tap.y++; }
    }
  }
  return found;`
  }
}
`

const patch = (wide: boolean) =>
  four(
    'patchAt',
    ['p.mapHeight', 'p.mapWidth', 'p.pictureChannels'],
    `
  let row = at.y * p.strideHeight + y * p.dilationHeight - p.padTop;
  let column = at.z * p.strideWidth + x * p.dilationWidth - p.padLeft;
  if (row >= p.pictureHeight || column >= p.pictureWidth) { return nowhere; }
  return (at.x * p.pictureHeight + row) * p.pictureWidth + column;
`,
    wide,
  )

const spreading = (wide: boolean) =>
  four(
    'spreadAt',
    ['p.pictureHeight', 'p.pictureWidth', 'p.mapChannels'],
    `
  let row = at.y + p.padTop - y * p.dilationHeight;
  let column = at.z + p.padLeft - x * p.dilationWidth;
  if (row >= 0x80000000u || column >= 0x80000000u) { return nowhere; }
  if (row % p.strideHeight != 0u || column % p.strideWidth != 0u) { return nowhere; }
  if (row / p.strideHeight >= p.mapHeight || column / p.strideWidth >= p.mapWidth) { return nowhere; }
  return (at.x * p.mapHeight + row / p.strideHeight) * p.mapWidth + column / p.strideWidth;
`,
    wide,
  )

function store({ resultVectors, start, activation }: Variant): string {
  // By comparisons: a NaN stays one, where max and clamp may make a number of it.
  const bounds = {
    linear: '',
    relu: 'sum = select(sum, ZERO, sum < ZERO);',
    relu6: 'sum = select(select(sum, SIX, sum > SIX), ZERO, sum < ZERO);',
  }
  const bound = (zero: string, six: string) =>
    bounds[activation].replaceAll('ZERO', zero).replaceAll('SIX', six)
  const signature = 'fn store(begin: u32, row: u32, column: u32, value: vec4<f32>)'
  if (resultVectors) {
    return `${signature} {
  if (row >= p.rows || column >= p.columns) { return; }
  var sum = value${start ? ' + start[column / 4u]' : ''};
  ${bound('vec4<f32>()', 'vec4<f32>(6.0)')}
  result[(begin + row * p.columns + column) / 4u] = sum;
}`
  }
  return `${signature} {
  if (row >= p.rows) { return; }
  for (var j = 0u; j < 4u; j++) {
    if (column + j >= p.columns) { return; }
    var sum = value[j]${start ? ' + start[column + j]' : ''};
    ${bound('0.0', '6.0')}
    result[begin + row * p.columns + column + j] = sum;
  }
}`
}
