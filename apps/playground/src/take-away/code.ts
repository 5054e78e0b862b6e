// The programs that use a model's file: those of the README and of the guide to a first page, the file named in them.

/** In Node. */
export const codeForNode = (file: string): string => `import { openModel } from '@alexnet/model'
const model = await openModel(${JSON.stringify(file).replaceAll('"', "'")})
const [best] = await model.classify('cat.jpg')
console.log(best.label, best.probability)
`

/** In a page: main.js, beside an <input type="file"> and a <pre>. */
export const codeForPage = (file: string): string => `import { openModel } from '@alexnet/model'

const opening = openModel(${JSON.stringify(file).replaceAll('"', "'")})
const file = document.querySelector('input')
const answer = document.querySelector('pre')

file?.addEventListener('change', async () => {
  const picture = file.files?.[0]
  if (!picture || !answer) return
  const model = await opening
  const [best] = await model.classify(picture)
  answer.textContent = \`\${best.label}, \${(100 * best.probability).toFixed(1)} %\`
})
`
