// The server's interface as OpenAPI 3.1, from which clients are generated; and a page to try it.

import { explainMethods, methodsWithoutPicture } from '@alexnet/model/lists'
import { problemCodes } from './problem.ts'

/** What of the methods of explanation a server offers: those that need one picture and no others. */
export const servedMethods = Object.keys(explainMethods).filter(
  (name) => name !== 'neighbours' && !methodsWithoutPicture.includes(name as never),
)

const number = { type: 'number' }
const text = { type: 'string' }
const list = (items: object) => ({ type: 'array', items })
const record = (properties: Record<string, object>) => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
})
const query = (name: string, description: string, schema: object) => ({
  name,
  in: 'query',
  description,
  schema,
})
const base64 = { type: 'string', contentEncoding: 'base64' }
const file = { type: 'string', format: 'binary' }

const pictures = {
  required: true,
  description: 'One picture as the body, or several as multipart or JSON.',
  content: {
    'image/*': { schema: file },
    'multipart/form-data': { schema: record({ picture: list(file) }) },
    'application/json': { schema: record({ pictures: list(base64) }) },
  },
}
const pairs = {
  required: true,
  description: 'Fields a and b as often as there are pairs, both of one size.',
  content: {
    'multipart/form-data': { schema: record({ a: file, b: file }) },
    'application/json': { schema: record({ pairs: list(record({ a: base64, b: base64 })) }) },
  },
}

const problems = Object.fromEntries(
  Object.keys(problemCodes).map((status) => [status, { $ref: '#/components/responses/Problem' }]),
)
const json = (description: string, schema: object) => ({
  description,
  content: { 'application/json': { schema } },
})

function operation(summary: string, parameters: object[], requestBody: object, answer: object) {
  return { post: { summary, parameters, requestBody, responses: { 200: answer, ...problems } } }
}

/** The document at /openapi.json. */
export const openapi = (
  version: string,
  { labels = 0, layers = [] as readonly string[] } = {},
) => ({
  openapi: '3.1.0',
  info: {
    title: 'AlexNet',
    version,
    description: `A model of ${labels} classes behind HTTP, by alexnet serve.`,
  },
  paths: {
    '/classify': operation(
      'The likeliest classes of pictures',
      [
        query('top', 'Classes to give.', { type: 'integer', minimum: 1, default: 5 }),
        query('views', 'The centre, or the mean of ten crops.', {
          enum: ['center', 'ten'],
          default: 'center',
        }),
      ],
      pictures,
      json(
        'In the order sent.',
        record({
          results: list(
            record({
              name: text,
              top: list(record({ index: { type: 'integer' }, label: text, probability: number })),
            }),
          ),
        }),
      ),
    ),
    '/features': operation(
      "A layer's output",
      [query('layer', 'Default: the last hidden layer.', { enum: [...layers] })],
      pictures,
      json(
        'Values in the order of the shape, the last axis fastest.',
        record({
          layer: text,
          results: list(
            record({ name: text, shape: list({ type: 'integer' }), features: list(number) }),
          ),
        }),
      ),
    ),
    '/explain': operation(
      'What the network sees in a picture',
      [
        query('method', 'How.', { enum: servedMethods, default: 'grad-cam' }),
        query('class', "A class's name or number. Default: the likeliest.", text),
        query('layer', 'Default: by method.', { enum: [...layers] }),
      ],
      pictures,
      { description: 'A drawing.', content: { 'image/png': { schema: file } } },
    ),
    '/compare': operation(
      'How different pictures look (LPIPS)',
      [],
      pairs,
      json(
        '0 is the same picture.',
        record({
          form: { enum: ['lpips', 'plain'] },
          results: list(record({ name: text, distance: number, layers: list(number) })),
        }),
      ),
    ),
    ...Object.fromEntries(
      [
        ['/health', 'Whether the process lives'],
        ['/ready', 'Whether it takes requests'],
        ['/metrics', "Prometheus' text"],
      ].map(([path, summary]) => [
        path,
        { get: { summary, responses: { 200: { description: 'Yes.' } } } },
      ]),
    ),
  },
  components: {
    securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'x-api-key' } },
    responses: {
      Problem: json(
        'Why not.',
        record({ error: record({ status: { type: 'integer' }, code: text, message: text }) }),
      ),
    },
  },
})

/** A page that sends a picture and shows the answer. */
export const tryPage = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>alexnet serve</title>
<style>body{font:16px/1.5 system-ui;max-width:44rem;margin:2rem auto;padding:0 1rem}pre{overflow:auto}img{max-width:100%}</style>
<h1>alexnet serve</h1>
<p><a href="openapi.json">openapi.json</a>, <a href="metrics">metrics</a></p>
<form><p><label>Ask <select name="route"><option>classify<option>features<option>explain<option>compare</select></label>
<p><label>Pictures <input type="file" name="files" accept="image/*" multiple required></label> (compare: two)
<p><label>Key <input name="key" autocomplete="off"></label> <button>Send</button></form>
<div aria-live="polite"><pre></pre><img alt="" hidden></div>
<script>
document.querySelector('form').onsubmit = async (event) => {
  event.preventDefault()
  const { route, files, key } = event.target.elements
  const body = new FormData()
  for (const [i, file] of [...files.files].entries()) body.append(route.value === 'compare' ? 'ab'[i % 2] : 'picture', file)
  const answer = await fetch(route.value, { method: 'POST', body, headers: key.value ? { 'x-api-key': key.value } : {} })
  const [pre, img] = [document.querySelector('pre'), document.querySelector('img')]
  img.hidden = answer.headers.get('content-type') !== 'image/png'
  if (img.hidden) pre.textContent = JSON.stringify(await answer.json(), null, 1).slice(0, 20000)
  else { pre.textContent = ''; img.src = URL.createObjectURL(await answer.blob()) }
}
</script>`
