import { execFile } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { FeatureStore } from "@fabra/core"
import { expect, onTestFinished, test } from "vitest"
import { embeddedVectorStore } from "../src/embedded.js"

const PROGRAM = `
  import { FeatureStore } from "@fabra/core"
  import { embeddedVectorStore } from "@fabra/vector-pgvector/embedded"
  const store = new FeatureStore({ vectors: embeddedVectorStore({ directory: process.argv[1] }) })
  store.vectorIndex("documents")
  await store.migrate().catch(({ code, message }) => console.log(code, message))
  await store.vectors.close()
`

test("a directory keeps documents, for one process at a time", async () => {
  const directory = await mkdtemp(join(tmpdir(), "fabra-vectors-"))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const open = () => {
    const store = new FeatureStore({ vectors: embeddedVectorStore({ directory }) })
    store.vectorIndex("documents")
    return store
  }
  const other = async () => {
    const args = ["--input-type=module", "--eval", PROGRAM, directory]
    return (await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname })).stdout
  }

  const first = open()
  await first.migrate()
  await first.index("documents", "a", "Zebras are not horses.")
  expect(await other()).toMatch(
    /^vector_unavailable Another process has the vectors in .*choose another directory\.\n$/,
  )
  await first.vectors.close()

  const second = open()
  expect(await second.search("documents", { text: "zebras" })).toMatchObject([{ entityId: "a" }])
  await second.vectors.close()
})
