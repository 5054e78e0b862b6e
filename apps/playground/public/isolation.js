// Part of the service worker: what it answers of pages and workers gets the headers without which a page may not share
// memory between threads, where the host sent none. So a host that lets nobody set headers, GitHub Pages for one, has
// threads from the second visit on; the first is answered by the host itself.
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}
const guarded = new Set(['document', 'iframe', 'worker', 'sharedworker'])

async function withHeaders(answer) {
  const response = await answer
  const { status, statusText, body } = response
  // A redirect or an error is the browser's to follow or to show.
  if (status < 200 || status >= 300) return response
  const own = new Headers(response.headers)
  for (const [name, value] of Object.entries(headers)) if (!own.has(name)) own.set(name, value)
  return new Response(body, { status, statusText, headers: own })
}

// The handler that workbox writes asks for no say in its answers.
const { respondWith } = FetchEvent.prototype
FetchEvent.prototype.respondWith = function (response) {
  const answer = guarded.has(this.request.destination) ? withHeaders(response) : response
  return respondWith.call(this, answer)
}
