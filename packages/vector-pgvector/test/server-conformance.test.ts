import { type PostgresTestDatabase, startPostgres } from "@fabra/testing"
import { testVectorStore } from "@fabra/testing/conformance"
import { afterAll, beforeAll } from "vitest"
import { PgVectorStore } from "../src/index.js"
import { newSchema } from "./support.js"

let postgres: PostgresTestDatabase

beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

testVectorStore("PgVectorStore through the driver", {
  async create() {
    const schema = newSchema()
    const open = () => new PgVectorStore({ url: postgres.url, schema })
    const stores = [open()]
    return {
      store: stores[0] as PgVectorStore,
      async another() {
        const another = open()
        stores.push(another)
        return another
      },
      async cleanup() {
        await Promise.all(stores.map((store) => store.close()))
      },
    }
  },
})
