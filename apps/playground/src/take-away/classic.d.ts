declare module '*?classic' {
  /** The address of the script (scripts/classic-script.ts). */
  const url: string
  export default url
}
