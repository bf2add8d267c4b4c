import { expect, test } from "vitest"
import { PartitionSession } from "./partition-session.js"

const ann = { entityType: "User", entityId: "ann" }
const bob = { entityType: "User", entityId: "bob" }

test("R2: what was seen settled is remembered until a checkpoint covers it, then it is forgotten", () => {
  const session = new PartitionSession(0, { position: null, records: 0 }, null)
  session.see(ann, "05")
  for (const position of ["01", "02", "03", "04"]) {
    session.checkpointed({ position, records: 1 })
    expect(session.lastSeen(ann)).toBe("05")
  }
  session.checkpointed({ position: "05", records: 5 })
  session.see(bob, "06")
  session.checkpointed({ position: "06", records: 6 })
  session.checkpointed({ position: "07", records: 7 })
  expect(session.lastSeen(ann)).toBeUndefined()
})
