import { brokenBookkeeping } from "./broken-bookkeeping.js"
import type { BrokenBus } from "./broken-bus.js"
import { brokenCommits } from "./broken-commits.js"
import { brokenDeadLetters } from "./broken-dead-letters.js"
import { brokenGaps } from "./broken-gaps.js"
import { brokenLogs } from "./broken-leases.js"
import { brokenPublishing } from "./broken-publishing.js"
import { brokenReading } from "./broken-reading.js"
import { brokenRecords } from "./broken-records.js"
import { brokenRemovals } from "./broken-removals.js"
import { brokenSharing } from "./broken-sharing.js"
import { brokenSearches } from "./broken-vector-search.js"
import { brokenWrites } from "./broken-vector-writes.js"
import type { BrokenCache } from "./passing-cache.js"
import type { BrokenVectors } from "./passing-vectors.js"

/** Under this name the memory adapter runs beside the broken ones, as a check of the check. */
export const HEALTHY = "healthy"
/** As {@link HEALTHY}, with several clients. */
export const HEALTHY_CLIENTS = "healthy shared"

/** As {@link HEALTHY}, without what is optional. */
export const HEALTHY_KEEPING = "healthy, removes no records"

/** A log in memory with the leases that the broken ones have, but sound. */
export const HEALTHY_LEASES = "healthy, leases beside the log"

/** Every broken bus. */
export const brokenBuses: readonly BrokenBus[] = [
  ...brokenPublishing,
  ...brokenReading,
  ...brokenGaps,
  ...brokenSharing,
  ...brokenLogs.filter(({ breaks }) => breaks.length > 0),
  ...brokenBookkeeping,
  ...brokenDeadLetters,
]

/** Every broken cache. */
export const brokenCaches: readonly BrokenCache[] = [...brokenCommits, ...brokenRecords, ...brokenRemovals]

/** Every broken vector store. */
export const brokenVectors: readonly BrokenVectors[] = [...brokenWrites, ...brokenSearches]
