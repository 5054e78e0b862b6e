// What Vite gives for the name of a file with `?url`: the address at which it serves it.

declare module '*?url' {
  const address: string
  export default address
}
