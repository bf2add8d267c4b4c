import { expect, test } from "vitest"
import { PartitionRun } from "./partition-run.js"

const ann = { entityType: "User", entityId: "ann" }
const bob = { entityType: "User", entityId: "bob" }

test("R2: what was seen settled is remembered until a checkpoint covers it, then it is forgotten", () => {
  const run = new PartitionRun(0, { position: null, records: 0 }, null)
  run.see(ann, "05")
  for (const position of ["01", "02", "03", "04"]) {
    run.checkpointed({ position, records: 1 })
    expect(run.lastSeen(ann)).toBe("05")
  }
  run.checkpointed({ position: "05", records: 5 })
  run.see(bob, "06")
  run.checkpointed({ position: "06", records: 6 })
  run.checkpointed({ position: "07", records: 7 })
  expect(run.lastSeen(ann)).toBeUndefined()
})
