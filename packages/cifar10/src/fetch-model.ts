// A model's file by its address. What comes is held against the record, because dev servers answer with a page
// where they have no such file.

const remedy = (file: string) =>
  `serve ${file} of @alexnet/cifar10 and give its address, load({ url }); ` +
  `bundlers: import url from '@alexnet/cifar10/${file}?url' (Vite; in its versions 6 and 7 ` +
  "optimizeDeps: { exclude: ['@alexnet/cifar10', '@alexnet/data'] } does as well)"

/**
 * @param file what the package calls it
 * @param expected its bytes
 * @throws Error that says how the file comes to be served, where it is not.
 */
export async function fetchModel(
  url: string | URL,
  file: string,
  expected: number,
): Promise<Uint8Array> {
  const response = await fetch(url)
  if (!response.ok) {
    await response.body?.cancel()
    throw new Error(`${url} answered ${response.status}: ${remedy(file)}`)
  }
  const bytes = new Uint8Array(await response.arrayBuffer())
  if (bytes.length === expected) return bytes
  const isPage = /^\s*</.test(new TextDecoder().decode(bytes.subarray(0, 64)))
  const found = isPage ? 'is a web page' : `has ${bytes.length} bytes`
  throw new Error(`${url} ${found}, not the model of ${expected} bytes: ${remedy(file)}`)
}
