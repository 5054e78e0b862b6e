// Opening a camera, and what to say where that fails.
import { t } from '../text/text.ts'

/** What the browser's errors are explained by. */
const known = ['NotAllowedError', 'NotFoundError', 'NotReadableError'] as const

/** @throws DOMException, for `cameraProblem` */
export async function openCamera(): Promise<MediaStream> {
  if (!navigator.mediaDevices) throw new DOMException(t('camera.https'), 'NotSupportedError')
  return navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
}

export function cameraProblem(error: DOMException): string {
  const name = known.find((one) => one === error.name)
  return name ? t(`camera.${name}`) : t('camera.other', { reason: error.message })
}

export function closeCamera(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop()
}
