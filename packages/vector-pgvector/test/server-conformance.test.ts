import { testVectorStore } from "@fabra/testing/conformance"
import { afterAll, beforeAll } from "vitest"
import { newSchema, startPostgres, type TestPostgres } from "./support.js"

let postgres: TestPostgres

beforeAll(async () => {
  postgres = await startPostgres()
}, 60_000)
afterAll(() => postgres.stop())

testVectorStore("PgVectorStore through the driver", {
  async create() {
    const schema = newSchema()
    const stores = [postgres.store({ schema })]
    return {
      store: stores[0] as (typeof stores)[0],
      async another() {
        const another = postgres.store({ schema })
        stores.push(another)
        return another
      },
      async cleanup() {
        await Promise.all(stores.map((store) => store.close()))
      },
    }
  },
})
