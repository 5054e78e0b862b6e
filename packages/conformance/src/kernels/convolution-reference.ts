// Convolution and its two gradients in float64 loops, as plain as they can be.

export interface ConvolutionCase {
  batch: number
  height: number
  width: number
  /** Channels of the picture and of the map, each a multiple of `groups`. */
  channels: number
  maps: number
  filterHeight: number
  filterWidth: number
  strides: [number, number]
  /** top, bottom, left, right */
  pad: [number, number, number, number]
  dilations: [number, number]
  groups: number
}

export interface ConvolutionAnswers {
  y: Float64Array
  dx: Float64Array
  dw: Float64Array
}

export function mapSize(c: ConvolutionCase): [height: number, width: number] {
  const reachY = (c.filterHeight - 1) * c.dilations[0] + 1
  const reachX = (c.filterWidth - 1) * c.dilations[1] + 1
  return [
    Math.floor((c.height + c.pad[0] + c.pad[1] - reachY) / c.strides[0]) + 1,
    Math.floor((c.width + c.pad[2] + c.pad[3] - reachX) / c.strides[1]) + 1,
  ]
}

/** Visits every filter element that meets a pixel, with the first index of each into x, w and y. */
function visit(c: ConvolutionCase, meet: (x: number, w: number, y: number) => void): void {
  const [mapHeight, mapWidth] = mapSize(c)
  const groupChannels = c.channels / c.groups
  const groupMaps = c.maps / c.groups
  for (let b = 0; b < c.batch; b++)
    for (let oy = 0; oy < mapHeight; oy++)
      for (let ox = 0; ox < mapWidth; ox++)
        for (let fy = 0; fy < c.filterHeight; fy++)
          for (let fx = 0; fx < c.filterWidth; fx++) {
            const py = oy * c.strides[0] - c.pad[0] + fy * c.dilations[0]
            const px = ox * c.strides[1] - c.pad[2] + fx * c.dilations[1]
            if (py < 0 || px < 0 || py >= c.height || px >= c.width) continue
            for (let group = 0; group < c.groups; group++)
              for (let i = 0; i < groupChannels; i++) {
                meet(
                  ((b * c.height + py) * c.width + px) * c.channels + group * groupChannels + i,
                  ((fy * c.filterWidth + fx) * groupChannels + i) * c.maps + group * groupMaps,
                  ((b * mapHeight + oy) * mapWidth + ox) * c.maps + group * groupMaps,
                )
              }
          }
}

/** Map, input gradient and filter gradient from picture, filter and the map's gradient. */
export function convolve(
  c: ConvolutionCase,
  x: Float32Array,
  w: Float32Array,
  dy: Float32Array,
): ConvolutionAnswers {
  const y = new Float64Array(dy.length)
  const dx = new Float64Array(x.length)
  const dw = new Float64Array(w.length)
  const groupMaps = c.maps / c.groups
  visit(c, (at, filter, map) => {
    const pixel = x[at]!
    let back = 0
    for (let o = 0; o < groupMaps; o++) {
      const gradient = dy[map + o]!
      const weight = w[filter + o]!
      y[map + o]! += pixel * weight
      dw[filter + o]! += pixel * gradient
      back += gradient * weight
    }
    dx[at]! += back
  })
  return { y, dx, dw }
}
