// A program to read and to copy.
import { useState } from 'preact/hooks'
import { t } from '../text/text.ts'

export function CodeBlock(props: { title: string; code: string }) {
  const { title, code } = props
  const [copied, setCopied] = useState('')
  // Where the browser lets no page copy, the text stands there all the same.
  const copy = () =>
    navigator.clipboard?.writeText(code).then(
      () => setCopied(code),
      () => {},
    )
  return (
    <figure>
      <figcaption class="row">
        {title}
        <button
          type="button"
          class="outline secondary"
          aria-label={t('take:copyThis', { title })}
          onClick={() => void copy()}
        >
          {t('take:copy')}
        </button>
        <span role="status">{copied === code && t('take:copied')}</span>
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
      <pre tabIndex={0}>
        <code>{code}</code>
      </pre>
    </figure>
  )
}
