import { expect } from "vitest"
import { at, type Check, document } from "./world.js"

/** Which of two writes stands. */
export function testOrder(check: Check): void {
  check("lets no earlier event overwrite a later one", async (world) => {
    const index = await world.index()
    await index.upsert(document("one", ["new"], { version: at(10) }))
    expect(await index.upsert(document("one", ["old"], { version: at(9) }))).toBe("stale")
    expect(await index.upsert(document("one", ["old"], { version: at(9), chunks: null }))).toBe("stale")
    expect(await index.remove("one", at(9))).toBe("stale")
    expect(await index.texts()).toEqual(["new"])
    expect((await index.find("one"))?.version).toEqual(at(10))
    expect(await index.upsert(document("one", ["newer"], { version: at(11) }))).toBe("applied")
    expect(await index.texts()).toEqual(["newer"])
  })

  check("takes the same event again", async (world) => {
    const index = await world.index()
    for (const text of ["first try", "second try"]) {
      expect(await index.upsert(document("one", [text], { version: at(5) }))).toBe("applied")
      expect(await index.texts()).toEqual([text])
    }
    expect(await index.remove("one", at(5))).toBe("applied")
    expect(await index.remove("one", at(5))).toBe("applied")
  })

  check("does not bring back what a later event has removed", async (world) => {
    const index = await world.index()
    await index.upsert(document("one", ["text"], { version: at(1) }))
    await index.remove("one", at(3))
    await index.remove("never there", at(3))
    for (const id of ["one", "never there"]) {
      expect(await index.upsert(document(id, ["late"], { version: at(2) }))).toBe("stale")
      expect(await index.texts()).toEqual([])
      expect((await index.find(id))?.version).toEqual(at(3))
    }
    expect(await index.upsert(document("one", ["again"], { version: at(4) }))).toBe("applied")
    expect(await index.texts()).toEqual(["again"])
  })

  check("compares positions as text, by code points", async (world) => {
    const index = await world.index()
    const version = (position: string) => ({ source: "bus/0", position })
    for (const [less, greater] of [
      ["9", "a"],
      ["Z", "a"],
      ["a-2", "aB"],
      ["01764000000000-0000000009", "01764000000000-0000000010"],
    ] as const) {
      const id = `${less} ${greater}`
      await index.upsert(document(id, ["greater"], { version: version(greater) }))
      expect(await index.upsert(document(id, ["less"], { version: version(less) }))).toBe("stale")
    }
  })

  check("compares no positions of different sources", async (world) => {
    const index = await world.index()
    await index.upsert(document("one", ["a"], { version: at(9, "bus/0") }))
    expect(await index.upsert(document("one", ["b"], { version: at(1, "bus/1") }))).toBe("applied")
    expect(await index.texts()).toEqual(["b"])
    expect((await index.find("one"))?.version).toEqual(at(1, "bus/1"))
  })

  check("accepts any direct write, and remembers the last event", async (world) => {
    const index = await world.index()
    await index.upsert(document("one", ["event"], { version: at(5) }))
    expect(await index.upsert(document("one", ["outside"]))).toBe("applied")
    expect(await index.find("one")).toMatchObject({ version: at(5), writtenDirectly: true })
    // What was written on top of an event must not be set back by that event's being run again.
    expect(await index.upsert(document("one", ["event"], { version: at(5) }))).toBe("stale")
    expect(await index.upsert(document("one", ["older"], { version: at(4) }))).toBe("stale")
    expect(await index.texts()).toEqual(["outside"])
    expect(await index.upsert(document("one", ["next"], { version: at(6) }))).toBe("applied")
    expect(await index.find("one")).toMatchObject({ version: at(6), writtenDirectly: false })
    expect(await index.remove("one", null)).toBe("applied")
    expect(await index.find("one")).toEqual({ version: at(6), writtenDirectly: true, contentHash: null })
    expect(await index.upsert(document("one", ["event"], { version: at(6) }))).toBe("stale")
  })

  check("knows no event of a document that was only written directly", async (world) => {
    const index = await world.index()
    await index.upsert(document("one", ["outside"]))
    expect(await index.find("one")).toMatchObject({ version: null, writtenDirectly: true })
    expect(await index.upsert(document("one", ["event"], { version: at(1) }))).toBe("applied")
  })
}
