// Programs of a convolution and its gradients over texels of 2×2 numbers: neighbouring pixels by neighbouring
// channels of a picture or map, channels by maps of a filter. Along a row all taps are taken at once, so that a texel
// of pixels serves several of them: a little more than a texel is read for eight products where the stride is one
// pixel. A place in a texture moves on by a step, where tfjs's programs find each by dividing an index.
//
// Past an odd number of channels or pixels a texel holds whatever the operation before has left there: it is left
// out of sums, and is zero in what these programs make.

import type * as tf from '@tensorflow/tfjs'
import type { ShaderProgram } from '../tfjs-webgl.ts'
import { clamped } from './unary.ts'

export type Info = tf.backend_util.Conv2DInfo

/** Texels along a dimension. */
export const half = (size: number) => Math.ceil(size / 2)

/** GLSL: places of texels in a texture, in the order in which tfjs lays them out; a step is a place too. */
const places = `
      ivec2 placeOf(int index, int width) {
        int row = index / width;
        return ivec2(index - row * width, row);
      }
      ivec2 after(ivec2 place, ivec2 step, int width) {
        place += step;
        return place.x >= width ? place + ivec2(-width, 1) : place;
      }`

const packed = { packedInputs: true, packedOutput: true } as const

/** Widest filter whose taps are written out: the program of a wider one takes drivers long to compile. */
export const MOST_TAPS = 7

/** What slides over the rows of a picture or map, and what it makes. */
interface Sliding {
  variableNames: [source: string, weight: string]
  outputShape: number[]
  /** What is slid over, [batch, height, width, groups · channels]. */
  source: { height: number; width: number; channels: number; groups: number }
  taps: { rows: number; columns: number }
  /** GLSL that leaves in `row` the source's row for the filter's row `y`, or continues where there is none. */
  row: string
  /** The source's column that a tap sees, from the result's own. */
  offset(tap: number): number
  /** Texels of the filter from one tap of a row to the next, and from two channels of the source to the next two. */
  tapStep: number
  channelStep: number
  /** GLSL: the group that the result is of, and the filter's first texel of a row `y` for it. */
  group: string
  filterBegin: string
  /** Lanes of a filter's texel that two channels of the source are multiplied by, for two results. */
  lanes: [string, string]
  /** GLSL of the two results of two neighbouring columns, from the sums to what is kept. */
  finish?: string
}

function slidingProgram(sliding: Sliding): ShaderProgram {
  const { variableNames, outputShape, source, taps, row, filterBegin, lanes } = sliding
  const [name, weight] = variableNames
  const columns = Array.from({ length: taps.columns }, (_, tap) => tap)
  const reading = reads(sliding)
  const isOdd = source.channels % 2 === 1
  const beyond = lanes[0] === 'xy' ? 'yw' : 'zw'
  const product = (tap: number) => {
    const [a, b] = [reading.first(tap), reading.second(tap)]
    return `
            weights = texelFetch(${weight}, tap${tap}, 0);
            tap${tap} = after(tap${tap}, weightStep, weightWidth);
            ${isOdd ? `if (isLast) weights.${beyond} = vec2(0.0);` : ''}
            sum += vec4(dot(${a}, weights.${lanes[0]}), dot(${a}, weights.${lanes[1]}),
              dot(${b}, weights.${lanes[0]}), dot(${b}, weights.${lanes[1]}));`
  }
  const tapPlace = (tap: number) =>
    `
          ivec2 tap${tap} = placeOf(filterLine + ${tap * sliding.tapStep}, weightWidth);`
  return {
    ...packed,
    variableNames: [...variableNames],
    outputShape,
    userCode: `${places}
      void main() {
        ivec4 at = getOutputCoords();
        int sourceWidth = textureSize(${name}, 0).x;
        int weightWidth = textureSize(${weight}, 0).x;
        ivec2 sourceStep = placeOf(1, sourceWidth);
        ivec2 weightStep = placeOf(${sliding.channelStep}, weightWidth);
        int group = ${sliding.group};
        vec4 sum = vec4(0.0);
        for (int y = 0; y < ${taps.rows}; y++) {${row}
          int line = ${lineOf(source)};
          int filterLine = ${filterBegin};${reading.begin.join('')}${columns.map(tapPlace).join('')}
          for (int c = 0; c < ${half(source.channels)}; c++) {
            ${isOdd ? `bool isLast = c == ${half(source.channels) - 1};` : ''}${reading.step.join('')}
            vec4 weights;${columns.map(product).join('')}
          }
        }
        ${sliding.finish ?? ''}
        ${withoutRest('sum', ['at[2]', outputShape[2]!], ['at[3]', outputShape[3]!])}
        setOutput(sum);
      }
    `,
  }
}

/** Texels of all channels of two pixels. */
const pixelStep = ({ channels, groups }: Sliding['source']) => half(channels * groups)

/** GLSL: the source's first texel of `row`, of the channels of `group`. */
const lineOf = (source: Sliding['source']) =>
  `(at[0] * ${source.height} + row) * ${half(source.width) * pixelStep(source)} + group * ${half(source.channels)}`

/** GLSL that reads what the taps of two neighbouring columns see, before and in the loop over channels. */
function reads({ variableNames, source, taps, offset }: Sliding) {
  const offsets = Array.from({ length: taps.columns }, (_, tap) => offset(tap))
  // Texels from the first that a tap of the first column sees to the last that one of the second does.
  const before = Math.floor(Math.min(...offsets) / 2)
  const seen = Math.floor((Math.max(...offsets) + 1) / 2) - before + 1
  const texels = Array.from({ length: seen }, (_, texel) => texel)
  const at = (column: number) => {
    const from = column - 2 * before
    return `texel${Math.floor(from / 2)}.${from % 2 === 0 ? 'xy' : 'zw'}`
  }
  return {
    begin: texels.map(
      (i) => `
          int pair${i} = at[2] / 2 + ${before + i};
          bool there${i} = pair${i} >= 0 && pair${i} < ${half(source.width)};
          ivec2 place${i} = placeOf(line + max(0, pair${i}) * ${pixelStep(source)}, sourceWidth);`,
    ),
    step: texels.map(
      (i) => `
            vec4 texel${i} = there${i} ? texelFetch(${variableNames[0]}, place${i}, 0) : vec4(0.0);
            place${i} = after(place${i}, sourceStep, sourceWidth);
            ${source.width % 2 === 1 ? `if (2 * pair${i} + 1 == ${source.width}) texel${i}.zw = vec2(0.0);` : ''}
            ${source.channels % 2 === 1 ? `if (isLast) texel${i}.yw = vec2(0.0);` : ''}`,
    ),
    first: (tap: number) => at(offset(tap)),
    second: (tap: number) => at(offset(tap) + 1),
  }
}

export type Activation = 'linear' | 'relu' | 'relu6'

/** A convolution of groups, in each of which channels and maps are even in number; of one group they may be odd. */
export interface GroupedInfo extends Info {
  groups: number
}

/** The convolution itself, for a stride of one pixel along the rows, with bias and activation. */
export function mapProgram(
  info: GroupedInfo,
  hasBias: boolean,
  activation: Activation,
): ShaderProgram {
  const { inHeight, inWidth, outChannels, strideHeight, padInfo, groups } = info
  const { filterHeight, filterWidth } = info
  const inChannels = info.inChannels / groups
  const bounded = (most?: number) => `{
          vec4 x = sum;
          sum = ${clamped(most)('vec4')};
        }`
  const activations = { linear: '', relu: bounded(), relu6: bounded(6) }
  const sliding: Sliding = {
    variableNames: ['x', 'weight'],
    outputShape: info.outShape,
    source: { height: inHeight, width: inWidth, channels: inChannels, groups },
    taps: { rows: filterHeight, columns: filterWidth },
    row: `
          int row = at[1] * ${strideHeight} + y - ${padInfo.top};
          if (row < 0 || row >= ${inHeight}) continue;`,
    offset: (tap) => tap - padInfo.left,
    tapStep: half(inChannels) * half(outChannels),
    channelStep: half(outChannels),
    group: `at[3] / ${outChannels / groups}`,
    filterBegin: `y * ${filterWidth * half(inChannels) * half(outChannels)} + at[3] / 2`,
    lanes: ['xz', 'yw'],
    finish: `${hasBias ? 'sum += getBiasAtOutCoords();' : ''}
        ${activations[activation]}`,
  }
  const program = slidingProgram(sliding)
  return hasBias ? { ...program, variableNames: [...program.variableNames, 'bias'] } : program
}

/** The gradient by the picture. */
export function inputProgram(info: GroupedInfo): ShaderProgram {
  const { outHeight, outWidth, outChannels, groups } = info
  const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info
  const inChannels = info.inChannels / groups
  const maps = outChannels / groups
  const sliding: Sliding = {
    variableNames: ['dy', 'weight'],
    outputShape: info.inShape,
    source: { height: outHeight, width: outWidth, channels: maps, groups },
    taps: { rows: filterHeight, columns: filterWidth },
    row: `
          int row = at[1] + ${padInfo.top} - y;
          if (row < 0 || row % ${strideHeight} != 0 || row >= ${outHeight * strideHeight}) continue;
          row /= ${strideHeight};`,
    offset: (tap) => padInfo.left - tap,
    tapStep: half(inChannels) * half(outChannels),
    channelStep: 1,
    group: `at[3] / ${inChannels}`,
    filterBegin: `(y * ${filterWidth * half(inChannels)} + (at[3] - group * ${inChannels}) / 2) *
            ${half(outChannels)} + group * ${half(maps)}`,
    lanes: ['xy', 'zw'],
  }
  return strideWidth === 1 && filterWidth <= MOST_TAPS
    ? slidingProgram(sliding)
    : spreadProgram(sliding, strideWidth)
}

/** One tap after the other: with a stride along the rows a tap is seen by one column in so many. */
function spreadProgram(sliding: Sliding, stride: number): ShaderProgram {
  const { outputShape, source, taps, row, offset, tapStep, filterBegin } = sliding
  const isOdd = source.channels % 2 === 1
  const column = (name: string, more: number) => `
            int ${name} = at[2] + ${offset(0) + more} - tap;
            bool has${name} = ${name} >= 0 && ${name} % ${stride} == 0 && ${name} < ${source.width * stride};
            ${name} /= ${stride};
            ivec2 place${name} = placeOf(line + max(0, ${name} >> 1) * ${pixelStep(source)}, dyWidth);`
  const product = (name: string, lanes: string) => `
              if (has${name}) {
                vec4 texel = texelFetch(dy, place${name}, 0);
                vec2 maps = (${name} & 1) == 0 ? texel.xy : texel.zw;
                ${isOdd ? 'if (isLast) maps.y = 0.0;' : ''}
                sum.${lanes} += vec2(dot(maps, weights.xy), dot(maps, weights.zw));
                place${name} = after(place${name}, dyStep, dyWidth);
              }`
  return {
    ...packed,
    variableNames: ['dy', 'weight'],
    outputShape,
    userCode: `${places}
      void main() {
        ivec4 at = getOutputCoords();
        int dyWidth = textureSize(dy, 0).x;
        int weightWidth = textureSize(weight, 0).x;
        ivec2 dyStep = placeOf(1, dyWidth);
        ivec2 weightStep = placeOf(1, weightWidth);
        int group = ${sliding.group};
        vec4 sum = vec4(0.0);
        for (int y = 0; y < ${taps.rows}; y++) {${row}
          int line = ${lineOf(source)};
          int filterLine = ${filterBegin};
          for (int tap = 0; tap < ${taps.columns}; tap++) {${column('Left', 0)}${column('Right', 1)}
            if (!hasLeft && !hasRight) continue;
            ivec2 own = placeOf(filterLine + tap * ${tapStep}, weightWidth);
            for (int m = 0; m < ${half(source.channels)}; m++) {
              ${isOdd ? `bool isLast = m == ${half(source.channels) - 1};` : ''}
              vec4 weights = texelFetch(weight, own, 0);
              own = after(own, weightStep, weightWidth);
              ${isOdd ? 'if (isLast) weights.yw = vec2(0.0);' : ''}${product('Left', 'xy')}${product('Right', 'zw')}
            }
          }
        }
        ${withoutRest('sum', ['at[2]', outputShape[2]!], ['at[3]', outputShape[3]!])}
        setOutput(sum);
      }
    `,
  }
}

/** The gradient by the filter: sums over a share of the pictures, [shares · height, width, channels, maps]. */
export function filterProgram(info: GroupedInfo, shares: number): ShaderProgram {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, groups } =
    info
  const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info
  const pictures = Math.ceil(batchSize / shares)
  const channels = inChannels / groups
  const withoutOdd = (texel: string, isLast: string, width: number) =>
    width % 2 === 1 ? `if (${isLast}) ${texel}.zw = vec2(0.0);` : ''
  const maps = `
                vec4 maps = texelFetch(dy, map, 0);
                map = after(map, dyStep, dyWidth);
                ${withoutOdd('maps', `c + 1 == ${outWidth}`, outWidth)}`
  const pixels = (from: string) => `
                vec4 next = ${from};
                place = after(place, xStep, xWidth);
                ${withoutOdd('next', `2 * pair + 1 == ${inWidth}`, inWidth)}`
  // Two pixels side by side: of one texel, or of two, where the second is the next two pixels' first.
  const neighbours = `
            bool straddles = (left & 1) == 1;
            int begin = max(0, straddles ? -left - 1 : -left);
            int end = min(${outWidth}, ${inWidth} - left);
            int pair = (left + begin) >> 1;
            ivec2 place = placeOf(line + max(0, pair) * ${half(inChannels)}, xWidth);
            ivec2 map = placeOf(mapLine + begin / 2 * ${half(outChannels)}, dyWidth);
            if (straddles) {
              vec4 texel = vec4(0.0);
              if (pair >= 0 && pair < ${half(inWidth)}) {${pixels('texelFetch(x, place, 0)')}
                texel = next;
              }
              for (int c = begin; c < end; c += 2) {
                pair++;${maps}${pixels(`pair < ${half(inWidth)} ? texelFetch(x, place, 0) : vec4(0.0)`)}
                sum += texel.zzww * maps.xyxy + next.xxyy * maps.zwzw;
                texel = next;
              }
            } else {
              for (int c = begin; c < end; c += 2) {${maps}${pixels('texelFetch(x, place, 0)')}
                sum += next.xxyy * maps.xyxy + next.zzww * maps.zwzw;
                pair++;
              }
            }`
  // Two pixels that lie further apart.
  const pixel = (lanes: string, column: string) => `
                if (${column} >= 0 && ${column} < ${inWidth}) {
                  vec4 own = texelFetch(x, placeOf(line + (${column} >> 1) * ${half(inChannels)}, xWidth), 0);
                  sum += ((${column} & 1) == 0 ? own.xxyy : own.zzww) * maps.${lanes};
                }`
  const apart = `
            ivec2 map = placeOf(mapLine, dyWidth);
            int column = left;
            for (int c = 0; c < ${outWidth}; c += 2) {${maps}${pixel('xyxy', 'column')}
                column += ${strideWidth};${pixel('zwzw', 'column')}
                column += ${strideWidth};
            }`
  return {
    ...packed,
    variableNames: ['x', 'dy'],
    outputShape: [shares * filterHeight, filterWidth, channels, outChannels],
    userCode: `${places}
      void main() {
        ivec4 at = getOutputCoords();
        int xWidth = textureSize(x, 0).x;
        int dyWidth = textureSize(dy, 0).x;
        ivec2 xStep = placeOf(${half(inChannels)}, xWidth);
        ivec2 dyStep = placeOf(${half(outChannels)}, dyWidth);
        int first = (at[0] / ${filterHeight}) * ${pictures};
        int last = min(${batchSize}, first + ${pictures});
        int top = at[0] % ${filterHeight} - ${padInfo.top};
        int left = at[1] - ${padInfo.left};
        vec4 sum = vec4(0.0);
        for (int picture = first; picture < last; picture++) {
          for (int r = 0; r < ${outHeight}; r++) {
            int row = top + r * ${strideHeight};
            if (row < 0 || row >= ${inHeight}) continue;
            int line = (picture * ${inHeight} + row) * ${half(inWidth) * half(inChannels)} +
              at[3] / ${outChannels / groups} * ${half(channels)} + at[2] / 2;
            int mapLine =
              (picture * ${outHeight} + r) * ${half(outWidth) * half(outChannels)} + at[3] / 2;${strideWidth === 1 ? neighbours : apart}
          }
        }
        ${withoutRest('sum', ['at[2]', channels], ['at[3]', outChannels])}
        setOutput(sum);
      }
    `,
  }
}

/** Adds parts that lie one after the other along the first dimension. */
export function sumProgram(shape: readonly number[], shares: number): ShaderProgram {
  return {
    ...packed,
    variableNames: ['parts'],
    outputShape: [...shape],
    userCode: `
      void main() {
        ivec4 at = getOutputCoords();
        vec4 sum = vec4(0.0);
        for (int share = 0; share < ${shares}; share++) {
          sum += getParts(share * ${shape[0]} + at[0], at[1], at[2], at[3]);
        }
        setOutput(sum);
      }
    `,
  }
}

/** GLSL that makes zeros of what a texel holds past the ends of its two dimensions, where they are odd. */
function withoutRest(texel: string, row: [string, number], column: [string, number]): string {
  const past = ([at, size]: [string, number], lanes: string) =>
    size % 2 === 1 ? `if (${at} + 1 == ${size}) ${texel}.${lanes} = vec2(0.0);` : ''
  return `${past(row, 'zw')}
        ${past(column, 'yw')}`
}
