import { readdirSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { renderMermaidSVG } from "beautiful-mermaid"
import { type DefaultTheme, defineConfig } from "vitepress"
import { stage } from "../src/stage.js"

/** Made of the links of docs/README.md, in their order. */
function guide(): DefaultTheme.SidebarItem[] {
  const index = readFileSync(join(stage, "docs/index.md"), "utf8")
  const parts = index.split(/^\*\*(?=[A-Z])/m).slice(1)
  return parts.map((part) => ({
    text: part.slice(0, part.indexOf("**")).replace(/\.$/, ""),
    items: [...part.matchAll(/\[([^\]]*)\]\(([^)#]*)\)/g)].map(([, text = "", link = ""]) => ({
      text: text.replaceAll("`", ""),
      link,
    })),
  }))
}

const directories = (path: string, group: string): DefaultTheme.SidebarItem => ({
  text: group,
  items: readdirSync(join(stage, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ text: name, link: `/${path}/${name}/index` })),
})

const reference = (): DefaultTheme.SidebarItem => ({
  text: "Reference of the API",
  link: "/api/index",
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
    },
  },
  themeConfig: {
    search: { provider: "local" },
    nav: [
      { text: "Documentation", link: "/docs/index" },
      { text: "Reference", link: "/api/index" },
    ],
    sidebar: [...guide(), directories("packages", "Packages"), directories("examples", "Examples"), reference()],
    outline: [2, 3],
    externalLinkIcon: true,
  },
})

/** Drawn once, here; its colours are those of the page (theme/style.css). */
function diagram(code: string): string {
  const svg = renderMermaidSVG(code, { bg: "transparent" })
    .replace(/<style>[\s\S]*?<\/style>/, "")
    .replace(/style="[^"]*"/, "")
  return `<div class="diagram" v-pre>${svg}</div>`
}
