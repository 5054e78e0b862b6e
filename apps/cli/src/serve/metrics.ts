// What the server tells Prometheus of itself.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export type Metrics = ReturnType<typeof createMetrics>

/** Metrics of one server, in a registry of its own. */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  return {
    registry,
    requests: new Counter({
      name: 'alexnet_requests_total',
      help: 'Requests by route and status.',
      labelNames: ['route', 'status'],
      registers,
    }),
    seconds: new Histogram({
      name: 'alexnet_request_seconds',
      help: 'Time from the first byte of a request to its answer.',
      labelNames: ['route'],
      buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
      registers,
    }),
    batches: new Histogram({
      name: 'alexnet_batch_size',
      help: 'Items that were computed together.',
      labelNames: ['kind'],
      buckets: [1, 2, 4, 8, 16, 32, 64],
      registers,
    }),
    computing: new Counter({
      name: 'alexnet_computing_seconds_total',
      help: 'Time spent computing.',
      labelNames: ['kind'],
      registers,
    }),
    underWay: new Gauge({
      name: 'alexnet_requests_under_way',
      help: 'Requests that are being read or computed.',
      registers,
    }),
  }
}
