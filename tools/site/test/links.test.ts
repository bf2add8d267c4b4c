import { existsSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import GithubSlugger from "github-slugger"
import { expect, test } from "vitest"
import { files, page, root } from "../src/pages.js"

const withoutCode = (text: string) => text.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, "").replaceAll(/`[^`\n]*`/g, "")
const markdown = files("*.md", "{docs,packages,examples,faults,benchmarks,site}/**/*.md", ".github/**/*.md").map(page)

/** The anchors that headings of a page have, on the site as in a repository. */
function anchors(path: string): Set<string> {
  const slugger = new GithubSlugger()
  const text = page(path).text.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, "")
  return new Set([...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => slugger.slug(heading)))
}

test("every link of every page leads somewhere", () => {
  const dead = markdown.flatMap(({ path, text }) =>
    [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = ""]) => {
      if (/^[a-z]+:/.test(link)) return []
      const [file = "", anchor] = link.split("#")
      const target = file === "" ? path : normalize(join(dirname(path), file))
      if (!existsSync(join(root, target))) return [`${path}: ${link}`]
      return anchor === undefined || anchors(target).has(anchor) ? [] : [`${path}: ${link}`]
    }),
  )
  expect(dead).toEqual([])
})
