import type { MarkdownRenderer } from "vitepress"

/** Gives every cell of a table the heading of its column, for screens on which a row is a card: see theme/style.css. */
export function labelCells(md: MarkdownRenderer): void {
  md.core.ruler.push("label_cells", ({ tokens }) => {
    let headings: string[] = []
    let column = 0
    for (const [i, token] of tokens.entries()) {
      if (token.type === "table_open") headings = []
      else if (token.type === "tr_open") column = 0
      else if (token.type === "th_open") headings.push(textOf(tokens[i + 1]?.children ?? []))
      else if (token.type === "td_open") {
        const heading = headings[column++]
        if (heading) token.attrSet("data-label", heading)
      }
    }
  })
}

const textOf = (children: readonly { readonly content: string }[]): string =>
  children.map(({ content }) => content).join("")
