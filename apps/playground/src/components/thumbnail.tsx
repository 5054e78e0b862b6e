// A picture file, small.
import { useEffect, useState } from 'preact/hooks'

export function Thumbnail(props: { blob: Blob; alt: string }) {
  const [url, setUrl] = useState('')
  useEffect(() => {
    const made = URL.createObjectURL(props.blob)
    setUrl(made)
    return () => URL.revokeObjectURL(made)
  }, [props.blob])
  // Its place is there before it is: what stands beside it does not move.
  return url ? <img class="thumbnail" src={url} alt={props.alt} /> : <span class="thumbnail" />
}
