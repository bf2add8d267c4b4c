import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { testFeatureCache } from "@fabra/testing/conformance"
import { LmdbFeatureCache } from "../src/lmdb-feature-cache.js"

testFeatureCache("LmdbFeatureCache", {
  async create() {
    const directory = await mkdtemp(join(tmpdir(), "fabra-"))
    const open = () => new LmdbFeatureCache({ path: join(directory, "features.mdb") })
    const cache = open()
    const caches = [cache]
    return {
      cache,
      async another() {
        const another = open()
        caches.push(another)
        return another
      },
      async cleanup() {
        for (const one of caches) await one.close()
        await rm(directory, { recursive: true })
      },
    }
  },
})
