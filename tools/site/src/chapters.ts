/** A chapter of docs/README.md, and the pages that it lists in their order. */
export interface Chapter {
  readonly title: string
  readonly pages: readonly { readonly title: string; readonly link: string }[]
}

/** The chapters of an index: each begins with its title in bold on a line of its own. */
export function chaptersOf(index: string): Chapter[] {
  const [, ...parts] = index.split(/^\*\*([^*]+)\*\*$/m)
  return parts.flatMap((title, i) => (i % 2 === 0 ? [{ title, pages: linksOf(parts[i + 1] ?? "") }] : []))
}

function linksOf(part: string): Chapter["pages"] {
  return [...part.matchAll(/^\| \[([^\]]*)\]\(([^)#]*)\)/gm)].map(([, title = "", link = ""]) => ({
    title: title.replaceAll("`", ""),
    link,
  }))
}
