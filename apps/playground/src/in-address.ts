// A choice of a page and the page's address, held together: what an opened address says is taken, what is chosen from then on
// is written into it.
import { useEffect, useState } from 'preact/hooks'
import { type Address, choose, type Fields, opened } from './address.ts'
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
  const [taken, setTaken] = useState<Address>()
  useEffect(() => {
    if (!isReady) return
    if (from === taken) return choose(chosen)
    if (from.page === page && Object.keys(from.fields).length > 0) take(from.fields)
    // What is chosen is written once it is what the address asked for: what was chosen before is not this address's, and
    // would make it that of the entry before, so that Back from it is no change.
    setTaken(from)
  }, [from, taken, isReady, JSON.stringify(chosen)])
}
