import { expect, test } from "vitest"
import { compileBlocks } from "../src/compile-blocks.js"
import { blocks, page, pages } from "../src/pages.js"

test("every block of TypeScript on every page compiles", () => {
  expect(compileBlocks(pages)).toEqual([])
})

test("one that does not is told with its place", () => {
  const wrong = {
    path: "docs/wrong.md",
    text: "# A\n\n```ts\nconst id: number = store\n\nawait store.getFeatures()\n```\n",
  }
  const told = compileBlocks([page("docs/triggers.md"), wrong])
  expect(told).toEqual([
    expect.stringMatching(/^docs\/wrong\.md:4: Type 'FeatureStore' is not assignable to type 'number'\./),
    expect.stringMatching(/^docs\/wrong\.md:6: Expected/),
  ])
})

test("every block of JSON is JSON, or lines of it", () => {
  const wrong = pages.flatMap((one) =>
    blocks(one)
      .filter(({ language, code }) => language === "json" && !isJson(code) && !code.trim().split("\n").every(isJson))
      .map(({ line }) => `${one.path}:${line}`),
  )
  expect(wrong).toEqual([])
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
