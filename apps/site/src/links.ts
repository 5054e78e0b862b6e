// Links between the repository's files as links of the site: to a page where the file is one, to GitHub where it is
// another file or a folder. A link to nothing is an error, which ends the build.

import { existsSync, statSync } from 'node:fs'
import { posix } from 'node:path'

export interface LinkOptions {
  /** The repository's folder. */
  root: string
  /** Its files that are pages, to where they stand on the site. */
  pages: ReadonlyMap<string, string>
  /** The repository on the web. */
  repository: string
}

/** Where what is no page of ours goes: other sites, parts of the same page, the site's own addresses. */
const isElsewhere = (link: string) => /^([a-z][a-z\d+.-]*:|#|\/)/i.test(link)

/**
 * A link of a file, as the site has it.
 *
 * @param from the file, by its path in the repository
 * @throws Error on a link to what is not there
 */
export function siteLink(link: string, from: string, options: LinkOptions): string {
  if (isElsewhere(link)) return link
  const { root, pages, repository } = options
  const [path = '', anchor] = link.split('#', 2)
  const after = anchor === undefined ? '' : `#${anchor}`
  const target = posix
    .normalize(posix.join(posix.dirname(from), decodeURI(path)))
    .replace(/\/$/, '')
  const page = pages.get(target) ?? pages.get(posix.join(target, 'README.md'))
  if (page !== undefined)
    return `/${page.replace(/(^|\/)index\.md$/, '$1').replace(/\.md$/, '')}${after}`
  const place = posix.join(root, target)
  if (!existsSync(place)) throw new Error(`${from} links to ${link}, which is not there`)
  return `${repository}/${statSync(place).isDirectory() ? 'tree' : 'blob'}/main/${target}${after}`
}
