// WebGPU in Node through Dawn, the implementation that Chromium uses, from the optional peer dependency
// `webgpu`: any GPU with a Vulkan, Metal or Direct3D 12 driver. Where there is none, Chromium's software
// Vulkan driver does for tests.

import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import type { BackendAdapter } from '@alexnet/backend'
import { backendOf, type WebGPUOptions } from './adapter.ts'
import { inspectWebGPU as inspect, requestAdapter, type WebGPUReport } from './device.ts'
import { messageOf } from './errors.ts'

export { BackendStoppedError, DeviceLostError, OutOfMemoryError } from '@alexnet/backend'
export { DeviceError, ProgramError } from './errors.ts'
export { type WarmUpOptions, warmUp } from './warm-up.ts'
export type { WebGPUOptions, WebGPUReport }

/** Node has no WebGPU here: the package `webgpu` is missing, or finds no driver. */
export class WebGPUUnavailableError extends Error {
  override readonly name = 'WebGPUUnavailableError'
}

/**
 * TensorFlow.js on WebGPU in Node, watched, with kernels for training. Needs the package `webgpu`
 * (`npm install webgpu`) and a GPU's driver.
 */
export const webgpu: (options?: WebGPUOptions) => BackendAdapter = backendOf(dawn)

/** Looks at this machine's WebGPU. Never throws. */
export function inspectWebGPU(
  options: Pick<WebGPUOptions, 'software'> = {},
): Promise<WebGPUReport> {
  return inspect(() => dawn(options))
}

let known: Promise<GPU> | undefined

async function dawn({ software = false }: Pick<WebGPUOptions, 'software'>): Promise<GPU> {
  known ??= openDawn(software)
  try {
    return await known
  } catch (error) {
    // A later call may allow a software driver.
    known = undefined
    throw error
  }
}

async function openDawn(software: boolean): Promise<GPU> {
  const { create, globals } = await loadDawn()
  let gpu = create([])
  let adapter = await requestAdapter(gpu)
  if (!adapter && software && useSoftwareVulkan()) {
    gpu = create(flags)
    adapter = await requestAdapter(gpu)
  }
  if (!adapter) {
    throw new WebGPUUnavailableError(
      `Dawn found no GPU driver on this machine (${drivers[process.platform] ?? 'Vulkan'}). ${
        software
          ? 'For a software driver install chromium (Debian: apt install chromium libvulkan1), or name one in VK_ICD_FILENAMES'
          : "Install the GPU's driver, or use cpu() from @alexnet/backend-cpu"
      }`,
    )
  }
  // tfjs asks for these by name: `instanceof GPUBuffer`, GPUBufferUsage.STORAGE, navigator.gpu.
  Object.assign(globalThis, globals)
  const host = globalThis as { navigator?: object }
  host.navigator ??= {}
  Object.defineProperty(host.navigator, 'gpu', { value: gpu, configurable: true })
  return gpu
}

/**
 * Dawn clears the memory that a workgroup shares before each shader; tfjs's shaders and ours write it before
 * they read it, and Chromium's software driver takes seconds to compile the clearing.
 */
const flags = ['enable-dawn-features=disable_workgroup_init']

const drivers: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'Metal',
  linux: 'Vulkan',
  win32: 'Direct3D 12 or Vulkan',
}

/** Where Chromium's packages put the manifest of its software Vulkan driver. */
const manifests = [
  ...(process.env.CHROMIUM_PATH ? [dirname(process.env.CHROMIUM_PATH)] : []),
  '/usr/lib/chromium',
  '/usr/lib/chromium-browser',
  '/usr/lib64/chromium-browser',
  '/opt/google/chrome',
].map((folder) => join(folder, 'vk_swiftshader_icd.json'))

/** Has the Vulkan loader see Chromium's software driver alone; false where there is none. */
function useSoftwareVulkan(): boolean {
  if (process.env.VK_ICD_FILENAMES || process.env.VK_DRIVER_FILES) return false
  const manifest = manifests.find((file) => existsSync(file))
  if (manifest) process.env.VK_ICD_FILENAMES = manifest
  return manifest !== undefined
}

interface Dawn {
  create(flags: string[]): GPU
  globals: Record<string, unknown>
}

async function loadDawn(): Promise<Dawn> {
  try {
    return await importDawn()
  } catch (error) {
    const missing = /^(ERR_)?MODULE_NOT_FOUND$/.test((error as NodeJS.ErrnoException).code ?? '')
    throw new WebGPUUnavailableError(
      missing
        ? 'WebGPU in Node needs the package webgpu (Dawn): npm install webgpu, in the folder that the program is started in'
        : `the package webgpu does not load on this machine (${process.platform} ${process.arch}): ${messageOf(error)}`,
    )
  }
}

/** The package beside this one, or of the folder that the program was started in: a global command has its own. */
async function importDawn(): Promise<Dawn> {
  try {
    return (await import('webgpu')) as unknown as Dawn
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    const path = createRequire(join(process.cwd(), 'index.js')).resolve('webgpu')
    return (await import(pathToFileURL(path).href)) as Dawn
  }
}
