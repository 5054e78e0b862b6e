// What the benchmark and an engine's process say to each other: one JSON object a line, requests on the
// engine's standard input, replies on its descriptor 3, so that whatever a library prints is in nobody's
// way. scripts/pytorch.py speaks the same.

import type { EngineInfo, EngineSettings, Gradients } from './engines/session.ts'
import type { KernelCase } from './kernel-cases.ts'

/** Requests by name, with what each takes and gives. */
export interface Calls {
  start: { takes: EngineSettings; gives: EngineInfo }
  /** Logits as base64 of float32. */
  output: { takes: null; gives: string }
  /** Of a batch of one of the prepared pictures, by its place among them. */
  gradients: { takes: number; gives: Gradients }
  kernel: { takes: KernelCase; gives: number[] | { cannot: string } }
  /** Milliseconds of so many iterations. */
  run: { takes: number; gives: number }
}

export interface Request {
  call: keyof Calls
  argument: unknown
}

export type Reply = { value: unknown } | { error: string }

export const REPLY_DESCRIPTOR = 3
