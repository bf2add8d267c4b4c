import { existsSync, statSync } from "node:fs"
import { cp, mkdir, rm, writeFile } from "node:fs/promises"
import { dirname, join, normalize } from "node:path"
import { files, type Page, page, pages, root } from "./pages.js"

/** Where the site is made from: the pages as they are, but for their links. */
export const stage = join(root, "tools/site/.stage")

/** Where a page stands on the site, without its ending: `README.md` of a directory is its index. */
export const place = (path: string): string => path.replace(/\.md$/, "").replace(/(^|\/)README$/, "$1index")

/** Lays out all pages, and beside them every other file that they link to. */
export async function layOut(): Promise<void> {
  await rm(stage, { recursive: true, force: true })
  const onSite = pages.filter(({ path }) => !path.includes("templates/"))
  const known = new Set(onSite.map(({ path }) => path))
  const linked = new Set<string>()
  for (const one of onSite) await write(`${place(one.path)}.md`, withLinks(one, known, linked))
  await write("docs/decisions/index.md", decisions())
  await cp(join(root, "tools/site/favicon.svg"), join(stage, "public/favicon.svg"))
  for (const path of linked) await cp(join(root, path), join(stage, "public/files", shown(path)), { recursive: true })
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(stage, path)), { recursive: true })
  await writeFile(join(stage, path), text)
}

/** A page whose links lead to places of the site; `linked` gets the files that are no pages. */
function withLinks({ path, text }: Page, known: ReadonlySet<string>, linked: Set<string>): string {
  const lead = (whole: string, label: string, link: string): string => {
    if (/^([a-z]+:|#)/.test(link)) return whole
    const [file = "", anchor] = link.split("#")
    const target = normalize(join(dirname(path), file)).replace(/\/$/, "")
    const found = [target, `${target}/README.md`].find((one) => known.has(one))
    if (found !== undefined) return `[${label}](/${place(found)}${anchor === undefined ? "" : `#${anchor}`})`
    if (target === "docs/decisions") return `[${label}](/docs/decisions/index)`
    if (!existsSync(join(root, target)) || statSync(join(root, target)).isDirectory()) return label
    linked.add(target)
    return `<a href="/files/${shown(target)}" target="_blank">${label.replaceAll(/`([^`]*)`/g, "<code>$1</code>")}</a>`
  }
  return outsideCode(text, (prose) => prose.replaceAll(/\[((?:`[^`]*`|[^\]`])*)\]\(([^)\s]+)\)/g, lead))
}

/** Changes a text but for its blocks of code. */
const outsideCode = (text: string, change: (prose: string) => string): string =>
  text
    .split(/(^ *```[\s\S]*?^ *```$)/m)
    .map((part, i) => (i % 2 === 0 ? change(part) : part))
    .join("")

/** Where a file that is no page stands. Sources are for reading, not for downloading; names with a dot are not served. */
const shown = (path: string) => `${path.replaceAll(/(^|\/)\./g, "$1")}${/\.(json|ya?ml)$/.test(path) ? "" : ".txt"}`

function decisions(): string {
  const lines = files("docs/decisions/*.md").map((path) => {
    const [, title = path] = /^# (.*)$/m.exec(page(path).text) ?? []
    return `- [${title}](/${place(path)})`
  })
  return `# Decisions\n\nWhat was decided, what else was looked at, and why.\n\n${lines.join("\n")}\n`
}
