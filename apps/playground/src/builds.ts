// New builds of the page: one that comes while a page is open waits, and the files of the old one stay in the browser, until
// it is taken by a reload.
import { Store } from './store.ts'

/** The service worker of a new build that waits. */
export const newBuild = new Store<ServiceWorker | undefined>(undefined)

/** Keeps the page's files for when there is no network, and sees when others come. */
export async function followBuilds(): Promise<void> {
  if (import.meta.env.DEV || !('serviceWorker' in navigator)) return
  const registration = await navigator.serviceWorker.register('./sw.js')
  // The first one of all waits for a moment, too, and there is no other to go on with.
  const see = () => newBuild.set((registration.active && registration.waiting) ?? undefined)
  see()
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', see)
  })
}

/** Takes the new build, by which the page is loaded anew. */
export function takeNewBuild(): void {
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload())
  newBuild.value?.postMessage({ type: 'SKIP_WAITING' })
}
