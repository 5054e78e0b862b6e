// What this browser's WebGL can do, asked without starting a backend and without ever throwing.

import * as tf from '@tensorflow/tfjs'

export interface WebGLReport {
  /** WebGL 2 with textures of floats that can be rendered to. */
  available: boolean
  /** Why it is not available, in words a user can act on. */
  reason?: string
  /** The device's name as the driver gives it, e.g. 'ANGLE (NVIDIA, …)'; 'unknown' where it is hidden. */
  device: string
  /** Rendered by the processor: correct, and slower than @alexnet/backend-cpu. */
  software: boolean
  /** Computes in float32. Otherwise in float16, which is enough for inference at most. */
  float32: boolean
  /** Largest side of a texture, in texels: a tensor may have its square of elements. */
  maxTextureSize: number
  /** 'parallel-compile', 'timer-query', 'float-blend', …: what it has of what tfjs makes use of. */
  features: string[]
}

const extensions: Record<string, string> = {
  KHR_parallel_shader_compile: 'parallel-compile',
  EXT_disjoint_timer_query_webgl2: 'timer-query',
}

/** Names by which drivers that render in software call themselves. */
const softwareRenderer = /swiftshader|llvmpipe|softpipe|software|microsoft basic render/i

/** Looks at the device. Never throws. */
export function inspectWebGL(): WebGLReport {
  const report: WebGLReport = {
    available: false,
    device: 'unknown',
    software: false,
    float32: false,
    maxTextureSize: 0,
    features: [],
  }
  try {
    if (!tf.findBackendFactory('webgl')) {
      return { ...report, reason: 'TensorFlow.js has its WebGL backend in browsers only' }
    }
    const gl = createContext()
    if (!gl) return { ...report, reason: 'this browser gives no WebGL 2 context' }
    try {
      return { ...report, ...inspect(gl) }
    } finally {
      // Browsers allow a page some sixteen contexts.
      gl.getExtension('WEBGL_lose_context')?.loseContext()
    }
  } catch (error) {
    return { ...report, reason: `asking WebGL failed: ${messageOf(error)}` }
  }
}

function inspect(gl: WebGL2RenderingContext): Partial<WebGLReport> {
  const names = gl.getExtension('WEBGL_debug_renderer_info')
  const device = String(
    gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER) || 'unknown',
  )
  const float32 = rendersFloat32(gl) && !tf.env().getBool('WEBGL_FORCE_F16_TEXTURES')
  const float16 = float32 || gl.getExtension('EXT_color_buffer_half_float') !== null
  const usable = float32 || float16 || gl.getExtension('EXT_color_buffer_float') !== null
  return {
    available: usable,
    ...(!usable && { reason: 'the device renders to no textures of floats' }),
    device,
    software: softwareRenderer.test(device),
    float32,
    maxTextureSize: gl.getParameter(gl.MAX_TEXTURE_SIZE) as number,
    features: [
      float32 ? 'float32' : 'float16-only',
      ...Object.entries(extensions)
        .filter(([extension]) => gl.getExtension(extension))
        .map(([, feature]) => feature),
    ],
  }
}

function rendersFloat32(gl: WebGL2RenderingContext): boolean {
  if (!gl.getExtension('EXT_color_buffer_float')) return false
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture())
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32F, 1, 1, 0, gl.RGBA, gl.FLOAT, null)
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer())
  const texture = gl.getParameter(gl.TEXTURE_BINDING_2D) as WebGLTexture
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0)
  return gl.checkFramebufferStatus(gl.FRAMEBUFFER) === gl.FRAMEBUFFER_COMPLETE
}

/** A context of its own, on a canvas that no page shows, set up as tfjs sets up its own. */
export function createContext(): WebGL2RenderingContext | null {
  const canvas =
    typeof OffscreenCanvas === 'function' && !tf.env().getBool('IS_SAFARI')
      ? new OffscreenCanvas(1, 1)
      : globalThis.document?.createElement('canvas')
  const gl = canvas?.getContext('webgl2', {
    alpha: false,
    antialias: false,
    depth: false,
    stencil: false,
    premultipliedAlpha: false,
    preserveDrawingBuffer: false,
    powerPreference: 'high-performance',
  }) as WebGL2RenderingContext | null
  if (!gl) return null
  for (const capability of [gl.DEPTH_TEST, gl.STENCIL_TEST, gl.BLEND, gl.DITHER]) {
    gl.disable(capability)
  }
  gl.disable(gl.POLYGON_OFFSET_FILL)
  gl.disable(gl.SAMPLE_COVERAGE)
  gl.enable(gl.SCISSOR_TEST)
  gl.enable(gl.CULL_FACE)
  gl.cullFace(gl.BACK)
  return gl
}

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)
