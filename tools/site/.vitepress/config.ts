import { readdirSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { renderMermaidSVG } from "beautiful-mermaid"
import { type DefaultTheme, defineConfig } from "vitepress"
import { chaptersOf } from "../src/chapters.js"
import { labelCells } from "../src/label-cells.js"
import { stage } from "../src/stage.js"

/** Made of the links of docs/README.md, in their order. The chapter of the page that is read is open, and the first one. */
function sidebar(): DefaultTheme.SidebarItem[] {
  return chaptersOf(readFileSync(join(stage, "docs/index.md"), "utf8")).map(({ title, pages }, i) => ({
    text: title,
    collapsed: i > 0,
    items: [
      ...pages.map((page) => ({ text: page.title, link: page.link })),
      ...(title === "Reference" ? [packages(), reference()] : []),
    ],
  }))
}

const packages = (): DefaultTheme.SidebarItem => ({
  text: "Packages",
  collapsed: true,
  items: readdirSync(join(stage, "packages"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ text: name, link: `/packages/${name}/index` })),
})

const reference = (): DefaultTheme.SidebarItem => ({
  text: "What packages export",
  link: "/api/index",
  collapsed: true,
  items: readdirSync(join(stage, "api"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md") && basename(path) !== "index.md")
    .sort()
    .map((path) => ({ text: path.replace(/\.md$/, ""), link: `/api/${path.replace(/\.md$/, "")}` })),
})

export default defineConfig({
  title: "Fabra",
  description: "Event-driven features for Node: events in, fresh feature values out.",
  head: [["link", { rel: "icon", href: "/favicon.svg" }]],
  srcDir: ".stage",
  outDir: "dist",
  cleanUrls: false,
  lastUpdated: false,
  markdown: {
    config(md) {
      const fence = md.renderer.rules.fence
      md.renderer.rules.fence = (...args) => {
        const [tokens, i] = args
        const token = tokens[i]
        return token?.info.trim() === "mermaid" ? diagram(token.content) : (fence?.(...args) ?? "")
      }
      labelCells(md)
    },
  },
  themeConfig: {
    search: {
      provider: "local",
      options: {
        // Pages that explain a word come before those that only have it in a name, or in a reason of the past.
        miniSearch: {
          searchOptions: { boostDocument: (id) => (/^\/(api|docs\/decisions)\//.test(id) ? 0.2 : 1) },
        },
      },
    },
    nav: [
      { text: "Documentation", link: "/docs/index" },
      { text: "Reference", link: "/api/index" },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    externalLinkIcon: true,
  },
})

/** Drawn once, here; its colours are those of the page (theme/style.css). */
function diagram(code: string): string {
  const svg = renderMermaidSVG(code, { bg: "transparent", nodeSpacing: 12, layerSpacing: 20, padding: 4 })
    .replace(/<style>[\s\S]*?<\/style>/, "")
    .replace(/style="[^"]*"/, "")
  return `<div class="diagram" v-pre>${svg}</div>`
}
