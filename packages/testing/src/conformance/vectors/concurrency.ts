import type { VectorStore } from "@fabra/core"
import { systemClock } from "@fabra/events"
import { sleep } from "@fabra/events/adapter"
import { expect } from "vitest"
import { at, type Check, document, type VectorWorld } from "./world.js"

const ROUNDS = 40

/** Many who write and read at once. */
export function testConcurrency(check: Check): void {
  check("lets the latest of many events stand, in whatever order they come", async (world) => {
    const index = await world.index()
    const clients = await clientsOf(world)
    const versions = Array.from({ length: 24 }, (_, n) => (n * 7) % 24)
    await Promise.all(
      versions.map((n, i) => {
        // Longer and shorter ones, so that a chunk left behind by any of them shows.
        const texts = Array.from({ length: 1 + (n % 5) }, (_, chunk) => `${n}/${chunk}`)
        return index
          .through(clients[i % clients.length] as VectorStore)
          .upsert(document("one", texts, { version: at(n) }))
      }),
    )
    expect(await index.texts()).toEqual(["23/0", "23/1", "23/2", "23/3"])
    expect((await index.find("one"))?.version).toEqual(at(23))
  })

  check("lets a removal stand against earlier events that come at the same time", async (world) => {
    const index = await world.index()
    const clients = await clientsOf(world)
    await Promise.all(
      Array.from({ length: 12 }, (_, n) => {
        const client = index.through(clients[n % clients.length] as VectorStore)
        return n === 6 ? client.remove("one", at(99)) : client.upsert(document("one", ["a", "b"], { version: at(n) }))
      }),
    )
    expect(await index.texts()).toEqual([])
  })

  check("shows readers a whole document or none of it", async (world) => {
    const index = await world.index()
    const reader = index.through(await world.other())
    let isWriting = true
    const write = async () => {
      for (let round = 1; round <= ROUNDS; round++) {
        const texts = Array.from({ length: 1 + (round % 4) }, (_, n) => `${round}/${n}`)
        await index.upsert(document("one", texts, { version: at(round), metadata: { round, of: texts.length } }))
        if (round % 10 === 0) await index.remove("one", at(round))
      }
    }
    const read = async () => {
      let last = 0
      do {
        const hits = await reader.search()
        const [first] = hits
        if (first !== undefined) {
          const { round, of } = first.metadata as { round: number; of: number }
          expect(hits.map(({ text }) => text)).toEqual(Array.from({ length: of }, (_, n) => `${round}/${n}`))
          expect(round).toBeGreaterThanOrEqual(last)
          last = round
        }
        await sleep(systemClock, 0)
      } while (isWriting)
    }
    const writing = write().finally(() => {
      isWriting = false
    })
    await Promise.all([writing, read()])
  })

  check("writes the same documents from many sides at once", async (world) => {
    const index = await world.index()
    const clients = await clientsOf(world)
    const ids = Array.from({ length: 30 }, (_, n) => `doc ${n}`)
    await Promise.all(
      clients.map((client, c) => {
        // In opposite orders, which is how two writers come to wait for each other.
        const ordered = c % 2 === 0 ? ids : [...ids].reverse()
        return client.upsert(
          index.schema,
          ordered.map((id) => document(id, [`${id} by ${c}`], { version: at(c) })),
        )
      }),
    )
    expect((await index.texts({ topK: 1000 })).sort()).toEqual(ids.map((id) => `${id} by ${clients.length - 1}`).sort())
  })
}

async function clientsOf(world: VectorWorld): Promise<VectorStore[]> {
  return Promise.all(Array.from({ length: 4 }, (_, i) => (i === 0 ? world.store : world.other())))
}
