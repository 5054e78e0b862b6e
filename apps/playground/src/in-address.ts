// A choice of a page and the page's address, held together: what an opened address says is taken, what is chosen from then on
// is written into it.
import { useEffect } from 'preact/hooks'
import { choose, type Fields, opened } from './address.ts'
import { useStore } from './store.ts'

/**
 * @param chosen how the address says what is chosen; '' for what it leaves out
 * @param take told of what an address says that was opened; a bare link to the page asks for nothing
 * @param isReady false while the choice is still to come from elsewhere
 */
export function useInAddress(
  page: string,
  chosen: Fields,
  take: (fields: Fields) => void,
  isReady = true,
): void {
  const from = useStore(opened)
  useEffect(() => {
    if (isReady && from.page === page && Object.keys(from.fields).length > 0) take(from.fields)
  }, [from, isReady])
  useEffect(() => {
    if (isReady) choose(chosen)
  }, [from, isReady, JSON.stringify(chosen)])
}
