import { testVectorStore } from "@fabra/testing/conformance"
import { afterAll } from "vitest"
import { SharedPGlite } from "./support.js"

const pglite = new SharedPGlite()
afterAll(() => pglite.close())

testVectorStore("PgVectorStore on PGlite", {
  async create() {
    const store = pglite.store()
    return { store, cleanup: () => store.close() }
  },
})
