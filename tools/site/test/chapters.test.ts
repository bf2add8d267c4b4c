import { dirname, normalize } from "node:path"
import { expect, test } from "vitest"
import { chaptersOf } from "../src/chapters.js"
import { page, pages } from "../src/pages.js"

const index = "docs/README.md"
const chapters = chaptersOf(page(index).text)

test("the chapters are those of a reader's way, operators' and maintainers' pages apart", () => {
  expect(chapters.map(({ title }) => title)).toEqual([
    ...["Start", "Write features", "Run", "Operate", "Extend", "Reference", "Maintain"],
  ])
})

test("every page is in one chapter", () => {
  const listed = chapters.flatMap((chapter) => chapter.pages.map(({ link }) => normalize(`${dirname(index)}/${link}`)))
  const elsewhere = /^(README\.md|docs\/README\.md|docs\/decisions\/.*|packages\/.*|.*\/data\/README\.md)$/
  const wanted = pages.map(({ path }) => path).filter((path) => !elsewhere.test(path))
  expect(listed.filter((path) => path !== "docs/decisions/").sort()).toEqual(wanted.sort())
})
