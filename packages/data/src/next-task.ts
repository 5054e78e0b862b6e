// Where work that never waits by itself lets others have their turn.

/**
 * Resolves once timers, signals, messages and reads that are due have had their turn: promises alone go before all
 * of those, so that a loop over what is there already (pictures in memory, say) holds them up until it ends. It takes
 * microseconds; of timers, browsers make the fifth in a row wait for four milliseconds.
 */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve)
      return
    }
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(0)
  })
}
