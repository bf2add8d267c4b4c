// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of source text
// Long because it is one list: what each guard is good for can be read, and compared, only beside the others.

import type { Replacement } from "./bundle.js"
import type { ConfigurationName } from "./configurations.js"
import type { ViolationKind } from "./world.js"

/** A guard taken away, and what comes of it. */
export interface Mutation {
  /** What the guard does, and the rule it serves. */
  readonly guard: string
  readonly changes: readonly Replacement[]
  /** Where it shows soonest. */
  readonly config: ConfigurationName
  /** The search begins at this seed, where it was found before; default 1. */
  readonly from?: number
  /** What its removal brings about: one of these must be found. Empty: nothing shows here, see {@link covered}. */
  readonly finds: readonly ViolationKind[]
  /** Which other guard or test holds what this one would. */
  readonly covered?: string
}

const worker = (file: string, find: string, replace: string): Replacement => ({
  file: `packages/worker/src/${file}.ts`,
  find,
  replace,
})
const events = (file: string, find: string, replace: string): Replacement => ({
  file: `packages/events/src/${file}.ts`,
  find,
  replace,
})
const core = (file: string, find: string, replace: string): Replacement => ({
  file: `packages/core/src/${file}.ts`,
  find,
  replace,
})
/** What the contract asks of every adapter, taken from the simulated one. */
const adapter = (file: string, find: string, replace: string): Replacement => ({
  file: `packages/worker/test/simulation/${file}.ts`,
  find,
  replace,
})

/** Every guard of the protocol, each taken away once. */
export const MUTATIONS: readonly Mutation[] = [
  {
    guard: "mark: events at or below it are skipped",
    changes: [worker("compute/compute", "!draftOf(item).isSettled(item.record.position)", "true")],
    config: "processes",
    finds: ["duplicated"],
  },
  {
    guard: "mark: is committed with the values",
    changes: [worker("record/draft", "this.#mark = { mark: position }", "")],
    config: "processes",
    finds: ["duplicated"],
  },
  {
    guard: "half-done note: done features are not run again",
    changes: [worker("compute/compute", "if (done.includes(name)) return false", "")],
    config: "calm",
    finds: ["duplicated"],
  },
  {
    guard: "half-done note: is written",
    changes: [worker("record/draft", "this.#mark = { mark: this.#mark.mark, halfDone: { position, features } }", "")],
    config: "calm",
    finds: ["duplicated"],
  },
  {
    guard: "half-done note: all before it is settled",
    changes: [worker("record/bookkeeping", "halfDone !== undefined && position < halfDone.position", "false")],
    config: "apart",
    from: 688,
    finds: ["duplicated", "reordered"],
  },
  {
    guard: "compare-and-set: a change applies only to the version it was computed from",
    changes: [adapter("records", "if (effectiveVersion(before, group, removal) !== baseVersion) return undefined", "")],
    config: "processes",
    from: 7,
    finds: ["duplicated", "lost", "reordered"],
  },
  {
    guard: "compare-and-set: tokens never repeat",
    changes: [
      worker(
        "process/processor",
        '[this.#tokenPrefix, (this.#tokens++).toString(36)].join("")',
        "String(this.#tokens++ % 3)",
      ),
    ],
    config: "processes",
    from: 66,
    finds: ["duplicated", "lost", "reordered"],
  },
  {
    guard: "lane: one step at a time for each entity",
    changes: [worker("process/processor", 'if (lane.state === "idle") this.#makeReady(lane)', "this.#makeReady(lane)")],
    config: "calm",
    finds: ["duplicated", "lost", "reordered", "fault"],
  },
  {
    guard: "transaction: a failed try leaves nothing behind",
    changes: [worker("compute/handler-attempt", "this.#writes.set(name, ", "this.#draft.setValue(name, ")],
    config: "calm",
    finds: ["duplicated", "half_visible"],
  },
  {
    guard: "R1: a replay applies only where the failure is flagged",
    changes: [
      worker(
        "compute/compute",
        "return replay === undefined || draft.hasFlag(deadLetterFlag(replay.of, name))",
        "return true",
      ),
    ],
    config: "processes",
    from: 431,
    finds: ["duplicated"],
  },
  {
    guard: "R1: the flag is written with the mark",
    changes: [worker("compute/compute", "draft.addFlag(deadLetterFlag(event.replay?.of ?? event.eventId, name))", "")],
    config: "processes",
    finds: ["lost"],
  },
  {
    guard: "R1: the flag goes with the replay",
    changes: [
      worker(
        "compute/compute",
        "if (event.replay !== undefined) draftOf(item).removeFlag(deadLetterFlag(event.replay.of, name))",
        "",
      ),
    ],
    config: "names",
    from: 345,
    finds: ["duplicated"],
  },
  {
    guard: "R2: a record behind what was seen settled is a roll-back",
    changes: [
      worker(
        "process/lane-records",
        'if (seen > (session.start.position ?? "") && record.mark.mark < seen) {',
        "if (false) {",
      ),
    ],
    config: "cache",
    from: 4,
    finds: ["lost"],
  },
  {
    guard: "R2: what a record showed settled is remembered when it is dropped",
    changes: [
      worker("lane/record-cache", 'if (record.mark.mark !== "") lane.session.see(lane.key, record.mark.mark)', ""),
    ],
    config: "cache",
    from: 4,
    finds: ["lost"],
  },
  {
    guard: "R2: what was seen is kept until a checkpoint covers it",
    changes: [worker("partition/partition-session", "if (this.#seenBeforeEnds > start.position) return", "")],
    config: "slow",
    finds: [],
    covered: "a test of its own in partition-session.test.ts: here replicas never lag behind by two checkpoints",
  },
  {
    guard: "R3: the cache vouches for what a checkpoint leaves behind",
    changes: [
      worker(
        "partition/checkpoints",
        'return this.#context.observer.time("cache", "verify", this.#context.cache.verify([...epochs]))',
        "return Promise.resolve(epochs.size >= 0)",
      ),
    ],
    config: "cache",
    from: 34,
    finds: ["lost"],
  },
  {
    guard: "R3: the epoch that confirmed a commit is among those asked for",
    changes: [worker("process/processor", "lane.session.epochs.add(result.epoch)", "")],
    config: "cache",
    finds: [],
    covered: "the epoch of the load that every first commit is built on",
  },
  {
    guard: "R3: the epoch that showed a mark is among those asked for",
    changes: [worker("process/lane-records", "session.epochs.add(record.epoch)", "")],
    config: "cache",
    from: 3912,
    finds: ["lost"],
  },
  {
    guard: "R4: a batch read for an earlier generation is not accepted",
    changes: [
      worker("read/intake", "if (session.overflow.pass === passes.get(partition)) return true", "return true"),
      worker(
        "read/intake",
        "if (session === undefined || session.overflow.pass !== pass) return",
        "if (session === undefined) return",
      ),
    ],
    config: "cache",
    from: 547,
    finds: ["stuck"],
  },
  {
    guard: "R4: a read in flight does not move the cursor after a seek",
    changes: [events("log/log-subscription", "held.revoking || held.cursor !== cursor", "held.revoking")],
    config: "cache",
    finds: [],
    covered: "the worker: it sets back the cursor of what was read for an earlier generation",
  },
  {
    guard: "R4: a restarted generation reads again from its start",
    changes: [worker("worker", "this.#subscription?.seek(partition, start.position)", "")],
    config: "cache",
    finds: ["lost"],
  },
  {
    guard: "R4: a handler's answer counts only in its own generation",
    changes: [
      worker(
        "process/processor",
        "  #computed(lane: Lane, draft: Draft): void {\n    if (!lane.session.active) return\n",
        "  #computed(lane: Lane, draft: Draft): void {\n",
      ),
      worker("compute/compute", "!lane.session.active || lane.retry !== undefined", "lane.retry !== undefined"),
      worker("compute/compute", "      if (!lane.session.active) return undefined\n", ""),
      worker("process/processor", "this.#toCommit.filter(({ session }) => session.active)", "this.#toCommit"),
      worker("process/processor", "if (lane.session.active) this.#committed(", "this.#committed("),
    ],
    config: "cache",
    finds: [],
    covered:
      "the compare-and-set and the marks: what a session that has ended computes late applies in order or not at all",
  },
  {
    guard: "R5: a dead letter is durable before the mark passes",
    changes: [
      worker(
        "process/processor",
        "await bury(this.#context, draft.deadLetters, lane.session.signal)",
        "bury(this.#context, draft.deadLetters, new AbortController().signal).catch(() => {})",
      ),
    ],
    config: "bus",
    from: 282,
    finds: ["lost"],
  },
  {
    guard: "R5: a dead letter's key contains the position",
    changes: [events("bus/dead-letter", "    entry.position,\n", "")],
    config: "processes",
    finds: ["lost"],
  },
  {
    guard: "R5: a replay's id contains the position",
    changes: [
      events(
        "bus/dead-letter",
        "`${what}_${partition}_${position}_${hashEntityId(deadLetterKey(entry)).toString(36)}`",
        "`${what}_${of}_${features.join()}`",
      ),
    ],
    config: "processes",
    finds: ["lost"],
  },
  {
    guard: "R6: the checkpoint is the end of the contiguous settled prefix",
    changes: [worker("partition/progress", "if (batch.pending > 0) break", "if (batch.pending > 0) continue")],
    config: "processes",
    from: 54,
    finds: ["lost"],
  },
  {
    guard: "R6: a checkpoint is stored again though nothing moved",
    changes: [worker("partition/checkpoints", "this.#ticks % REWRITE_TICKS === 0", "false")],
    config: "bus",
    finds: [],
    covered: "a test of its own in checkpoints.test.ts: it shows once in some thousand executions",
  },
  {
    guard: "R6: a checkpoint is never lowered",
    changes: [adapter("simulated-log", "if (stored !== undefined && stored >= position) return true", "")],
    config: "processes",
    finds: [],
    covered: "the marks: reading again costs work, no event",
  },
  {
    guard: "R6: revoke and stop write no checkpoint that is not old enough",
    changes: [
      worker(
        "partition/checkpoints",
        "this.#store(session, this.#movedTo(session), subscription)",
        "this.#store(session, session.progress.safe(0), subscription)",
      ),
    ],
    config: "cache",
    from: 309,
    finds: ["lost"],
  },
  {
    guard: "R7: checkpoints stay behind the work by the rollback margin",
    changes: [
      worker(
        "partition/checkpoints",
        "this.#marginTicks = Math.ceil((settings.rollbackMarginMs ?? cache.capabilities.rollbackWindowMs) / TICK_MS)",
        "this.#marginTicks = 0",
      ),
    ],
    config: "cache",
    from: 7,
    finds: ["lost"],
  },
  {
    guard: "R8: a commit of unknown outcome is not taken for done",
    changes: [
      worker(
        "process/processor",
        'if (result.status === "applied") {',
        'if (result.status === "unknown") result = { status: "applied", version: draft.record.version ?? "", epoch: [...lane.session.epochs][0] ?? "" }\n    if (result.status === "applied") {',
      ),
    ],
    config: "processes",
    from: 14,
    finds: ["lost"],
  },
  {
    guard: "R8, R9: what was known is dropped and loaded again",
    changes: [worker("process/lane-records", "else this.#cache.delete(lane)", "")],
    config: "processes",
    finds: ["stuck", "fault"],
  },
  {
    guard: "R9: a conflict is not taken for done",
    changes: [
      worker(
        "process/processor",
        'if (result.status === "applied") {',
        'if (result.status === "conflict") result = { status: "applied", version: draft.record.version ?? "", epoch: [...lane.session.epochs][0] ?? "" }\n    if (result.status === "applied") {',
      ),
    ],
    config: "processes",
    from: 4,
    finds: ["lost", "stuck", "reordered"],
  },
  {
    guard: "R10: of a script that died half-way nothing is known",
    changes: [
      adapter("simulated-cache", "if (i === diesAt) return DIED", 'if (i === diesAt) return mine.map(() => "applied")'),
    ],
    config: "processes",
    from: 6,
    finds: ["lost"],
  },
  {
    guard: "R11: a direct write makes every group's token new",
    changes: [adapter("records", '`${own ?? ""}/${lastWrite ?? ""}`', '`${own ?? ""}/`')],
    config: "processes",
    from: 7,
    finds: ["lost"],
  },
  {
    guard: "R11: each group has a token of its own",
    changes: [
      adapter(
        "records",
        "const own = groups[group]?.token",
        "const own = Object.values(groups).map(({ token }) => token).join()",
      ),
    ],
    config: "processes",
    finds: [],
    covered: "the compare-and-set: groups that share a token meet conflicts, which costs work",
  },
  {
    guard: "R11: a direct write that comes again is known",
    changes: [adapter("records", "if (before.lastWrites.includes(token)) return", "")],
    config: "processes",
    from: 48,
    finds: ["duplicated"],
  },
  {
    guard: "R11: a direct write of unknown outcome is sent again",
    changes: [core("cache/direct-write", 'if (result?.status === "applied") return', "return")],
    config: "processes",
    from: 283,
    finds: ["lost"],
  },
  {
    guard: "overflow: what a full lane defers is read again",
    changes: [
      worker(
        "read/intake",
        "if (after !== undefined) this.#context.subscription?.seek(lane.session.partition, after)",
        "",
      ),
    ],
    config: "processes",
    from: 15,
    finds: ["stuck", "lost"],
  },
  {
    guard: "overflow: a lane that lacks a record accepts none after it",
    changes: [
      worker(
        "partition/overflow",
        "let gap = this.#gaps.get(lane)",
        "if (!isFull(lane, limit)) return false\n    let gap = this.#gaps.get(lane)",
      ),
    ],
    config: "processes",
    from: 53,
    finds: ["lost", "reordered", "stuck"],
  },
  {
    guard: "overflow: no checkpoint passes a deferred record",
    changes: [
      worker(
        "read/intake",
        "batch.pending++\n    return overflow.defers(lane, limit) ? undefined : batch",
        "if (overflow.defers(lane, limit)) return undefined\n    batch.pending++\n    return batch",
      ),
    ],
    config: "processes",
    from: 4,
    finds: ["lost", "stuck", "fault"],
  },
  {
    guard: "overflow: a pass that has missed a record brings none after it",
    changes: [worker("partition/overflow", "gap.missedIn !== this.#pass && ", "")],
    config: "processes",
    from: 6,
    finds: ["lost", "reordered", "stuck"],
  },
  {
    guard: "overflow: a pass that began later brings nothing",
    changes: [worker("partition/overflow", " && this.#pass.after <= gap.after", "")],
    config: "processes",
    from: 962,
    finds: ["lost", "reordered", "stuck"],
  },
  {
    guard: "overflow: a new pass brings what the last one would have",
    changes: [worker("partition/overflow", "if (other.after < after && this.#brings(other)) after = other.after", "")],
    config: "processes",
    finds: [],
    covered: "a test of its own in overflow.test.ts",
  },
  {
    guard: "R12: marks are kept with the record",
    changes: [adapter("records", "groups: { ...before.groups, [group]:", "groups: { [group]:")],
    config: "calm",
    finds: ["duplicated", "lost"],
  },
  {
    guard: "R13: after a crash events are noted before they run",
    changes: [worker("read/intake", 'record.position <= session.quarantineUntil ? "ask" : undefined', "undefined")],
    config: "poison",
    finds: ["stuck", "lost"],
  },
  {
    guard: "R13: what another worker noted runs alone, and is noted first",
    changes: [worker("process/quarantine", "noted > 0 && noted <= this.#context.settings.maxCrashes", "false")],
    config: "poison",
    finds: ["stuck", "lost"],
  },
  {
    guard: "R13: a suspect waits until no other noted event runs",
    changes: [
      worker("process/quarantine", "else if (this.#running.size === 0 && this.#asking.size === 0) {", "else {"),
    ],
    config: "poison",
    finds: [],
    covered: "a test of its own in crash.test.ts: to blame an event takes the same coincidence in four deaths",
  },
  {
    guard: "R13: no other noted event runs beside a suspect",
    changes: [worker("process/quarantine", "if (this.#alone !== undefined) return", "")],
    config: "poison",
    from: 7151,
    finds: ["collateral"],
  },
  {
    guard: "R13: a noted event that changed nothing is marked as settled",
    changes: [worker("compute/compute", "quarantine !== undefined)", "false)")],
    config: "poison",
    from: 3,
    finds: ["collateral"],
  },
  {
    guard: "R13: an event noted too often is a dead letter",
    changes: [worker("compute/checked-event", "quarantine.others > env.maxCrashes", "false")],
    config: "poison",
    finds: ["stuck", "lost"],
  },
  {
    guard: "R13: notes count processes, not tries",
    changes: [
      adapter(
        "simulated-log",
        "const others = consumers.filter((noted) => noted !== consumer)",
        "const others = consumers",
      ),
    ],
    config: "poison",
    from: 2,
    finds: ["collateral"],
  },
  {
    guard: "R13: quarantine covers the stretch up to the log's end at take-over",
    changes: [
      adapter("simulated-log", "quarantineUntil: unclean ? end : null", "quarantineUntil: unclean ? checkpoint : null"),
    ],
    config: "poison",
    finds: ["stuck", "lost"],
  },
  {
    guard: "durable reads: nothing is shown that a failover could undo",
    changes: [adapter("simulated-log", "if (!master.isReplicated(entry.operation)) break", "")],
    config: "bus",
    from: 12,
    finds: ["duplicated", "lost", "reordered"],
  },
  {
    guard: "publish: an event id is accepted once",
    changes: [adapter("simulated-bus", "let known = master.get<Published>(key)", "let known: Published | undefined")],
    config: "processes",
    finds: ["duplicated"],
  },
  {
    guard: "trim: never past the slowest group",
    changes: [
      adapter(
        "simulated-log",
        'const [slowest = ""] = checkpoints.sort()',
        'const [slowest = ""] = checkpoints.sort().reverse()',
      ),
    ],
    config: "processes",
    finds: ["lost", "stuck"],
  },
  {
    guard: "lease: its end stops the work of its owner",
    changes: [
      events(
        "log/log-subscription",
        'setTimer(() => this.#loseAll(), this.#leaseMs, "upkeep")',
        'setTimer(() => {}, this.#leaseMs, "upkeep")',
      ),
    ],
    config: "processes",
    finds: [],
    covered: "the compare-and-set: a deposed owner's commit is in order or does not apply",
  },
  {
    guard: "lease: a partition has one owner",
    changes: [adapter("simulated-log", "if (lease && lease.consumer !== consumer && lease.until > now) return []", "")],
    config: "processes",
    finds: [],
    covered: "the compare-and-set and the marks: two owners double the work",
  },
  {
    guard: "unreadable: its dead letter is durable before it is settled",
    changes: [
      worker(
        "read/intake",
        "await bury(this.#context, [letter], session.signal)",
        "bury(this.#context, [letter], new AbortController().signal).catch(() => {})",
      ),
    ],
    config: "bus",
    finds: [],
    covered: "a test of its own in lifecycle.test.ts: here it shows once in some thousand executions",
  },
  {
    guard: "schedule: an occurrence is claimed, and a run renewed, by compare-and-set",
    changes: [
      worker("schedule/schedule-book", "baseVersion: base.version", "baseVersion: (await this.read(feature)).version"),
    ],
    config: "schedules",
    from: 30,
    finds: ["duplicated", "reordered", "lost"],
  },
  {
    guard: "schedule: an occurrence that is done is not begun again, also by a worker with a slow clock",
    changes: [worker("schedule/scheduler", "due > state.turn", "due !== state.turn")],
    config: "schedules",
    from: 2,
    finds: ["duplicated", "reordered"],
  },
  {
    guard: "schedule: a worker that has lost the run commits nothing more",
    changes: [worker("schedule/scheduled-batch", "if (!(await env.stillOurs())) break", "")],
    config: "schedules",
    from: 24,
    finds: ["reordered", "duplicated"],
  },
  {
    guard: "schedule: a worker that has lost the run, and has begun another, commits nothing more of the first",
    changes: [
      worker("schedule/scheduler", "run?.owner === owner && !lost.signal.aborted", "run?.owner === owner"),
      // Runs change hands all the time.
      worker("schedule/scheduler", "now - seen.since < this.#context.settings.leaseMs", "false"),
    ],
    config: "schedules",
    from: 3976,
    finds: ["reordered"],
  },
  {
    guard: "schedule: a value is committed on the record that was loaded before it was computed, and on no other",
    changes: [
      worker(
        "schedule/scheduled-batch",
        "await env.cache.commit(changes)",
        "await env.cache.commit(await Promise.all(changes.map(async (one) => ({ ...one, baseVersion: (await env.cache.load([one.key], env.group))[0]?.version ?? null }))))",
      ),
    ],
    config: "schedules",
    finds: ["lost"],
  },
  {
    guard: "schedule: what the group has settled of an entity stays in its record",
    changes: [worker("schedule/scheduled-batch", 'state: record.state ?? record.tombstone ?? "{}"', 'state: "{}"')],
    config: "schedules",
    from: 2,
    finds: ["duplicated"],
  },
  {
    guard: "schedule: what met a conflict is computed again",
    changes: [worker("schedule/scheduled-batch", "left = left.filter((id) => again.has(id))", "left = []")],
    config: "schedules",
    finds: ["lost"],
  },
  {
    guard: "schedule: a run whose owner is alive is left to it",
    changes: [worker("schedule/scheduler", "now - seen.since < this.#context.settings.leaseMs", "false")],
    config: "schedules",
    finds: [],
    covered: "the compare-and-set: two owners double the work",
  },
  {
    guard: "ageing: a record stays until a stored checkpoint covers its marks",
    changes: [worker("ageing/ageing", "halfDone !== undefined || mark > checkpoint", "halfDone !== undefined")],
    config: "ageing",
    from: 2,
    finds: ["duplicated"],
  },
  {
    guard: "ageing: a record stays in the middle of an event",
    changes: [worker("ageing/ageing", "halfDone !== undefined || mark > checkpoint", "mark > checkpoint")],
    config: "ageing",
    from: 269,
    finds: ["duplicated"],
  },
  {
    guard: "ageing: a record stays while a dead letter of it may be replayed",
    changes: [worker("ageing/ageing", "if (flags.size > 0) return undefined", "")],
    config: "ageing",
    from: 100,
    finds: ["lost"],
  },
  {
    guard: "ageing: what was removed is settled up to a checkpoint",
    changes: [
      worker(
        "record/live-record",
        "const books = decodeBookkeeping(state ?? tombstone)",
        "const books = decodeBookkeeping(state)",
      ),
    ],
    config: "ageing",
    from: 350,
    finds: ["duplicated"],
  },
  {
    guard: "ageing: an older checkpoint does not take the place of a newer one",
    changes: [worker("ageing/ageing", 'if (!covers(left.get(partition) ?? { mark: "" }, checkpoint)) left', "left")],
    config: "ageing",
    finds: [],
    covered: "checkpoints are asked for after the tombstones, and never lowered; a test of its own in ageing.test.ts",
  },
  {
    guard: "ageing: a direct write is known again for longer than it can be on its way",
    changes: [worker("ageing/ageing", "const KNOWN_AGAIN_MS = 100_000", "const KNOWN_AGAIN_MS = 0")],
    config: "ageing",
    from: 427,
    finds: ["duplicated"],
  },
  {
    guard: "ageing: only the version goes that was found to be forgotten",
    changes: [
      adapter("records", "if (!fits || versionOf(record) !== version) return false", "if (!fits) return false"),
    ],
    config: "ageing",
    from: 107,
    finds: ["duplicated", "lost"],
  },
  {
    guard: "ageing: tombstones are changed only where they are as they were read",
    changes: [
      adapter(
        "records",
        "if (!fits || versionOf(record) !== version) return false",
        "if (versionOf(record) !== version) return false",
      ),
    ],
    config: "ageing",
    finds: [],
    covered:
      "a test of its own in the conformance suite: it takes three processes that stand still at three such places",
  },
  {
    guard: "ageing: what was computed before a removal is no change of what comes after it",
    changes: [
      adapter(
        "records",
        "const own = groups[group]?.token ?? (removal && `~${removal}`)",
        "const own = groups[group]?.token",
      ),
    ],
    config: "ageing",
    from: 5203,
    finds: ["duplicated"],
  },
  {
    guard: "keys: an event is one item for each entity, whatever features its keys name it for",
    changes: [core("feature/event-targets", "const target = targets.get(name) ?? {", "const target = {")],
    config: "keys",
    finds: ["lost"],
  },
  {
    guard: "keys: marks of every partition stand for a record that was removed",
    changes: [worker("record/live-record", "(state === null && !isShared)", "state === null")],
    config: "keys_ageing",
    finds: [],
    covered: "a test of its own: it takes a process that stands still while the record is removed and made again",
  },
  {
    guard: "keys: a record that is handed over keeps the mark of the lane that had it",
    changes: [worker("record/other-marks", "if (mark !== NO_MARK) this.#texts.set(from, encodeMark(from, mark))", "")],
    config: "keys",
    finds: ["duplicated"],
  },
  {
    guard: "keys: a record that is handed over has the mark of the lane that gets it",
    changes: [
      worker(
        "record/live-record",
        "this.mark = this.others.exchange(from, this.mark, to)",
        "this.others.exchange(from, this.mark, to); this.mark = NO_MARK",
      ),
    ],
    config: "keys",
    from: 6,
    finds: ["duplicated", "lost"],
  },
  {
    guard: "keys, R2: what a lane has seen settled counts when another lane has its record",
    changes: [worker("process/lane-records", "    this.#cache.delete(from)\n", "")],
    config: "keys_ageing",
    from: 6,
    finds: ["lost"],
  },
  {
    guard: "keys: when a session ends, the lanes of others have their turn",
    changes: [worker("process/processor", "for (const lane of this.#records.forget(session)) this.#resume(lane)", "")],
    config: "keys",
    from: 5,
    finds: ["stuck"],
  },
  {
    guard: "keys: lanes of one entity take turns",
    changes: [worker("process/lane-records", "if (!this.#turns.isShared(lane)) return true", "return true")],
    config: "keys",
    finds: [],
    covered: "compare-and-set: they meet conflicts, and compute again",
  },
  {
    guard: "keys, R5: dead letters of one feature of several entities are several",
    changes: [
      events(
        "bus/dead-letter",
        "    ...[targetOf(entry)].flatMap((target) => (target === undefined ? [] : [[target]])),\n",
        "",
      ),
    ],
    config: "keys",
    finds: ["lost"],
  },
  {
    guard: "keys, R1: a replay goes to the entity whose record has the failure",
    changes: [events("bus/dead-letter", "...(target === undefined ? {} : { entityId: target }),", "")],
    config: "keys",
    finds: ["lost"],
  },
  {
    guard: "keys: what is forwarded is durable before the failure is forgotten",
    changes: [
      worker("process/processor", "await publishForwards(this.#context, draft.forwards, lane.session.signal)", ""),
    ],
    config: "keys",
    from: 6,
    finds: ["lost"],
  },
  {
    guard: "keys: what was forwarded twice is applied once",
    changes: [
      worker("compute/compute", "return !draft.hasFlag(forwardedFlag(replay.of, name))", "return true"),
      worker("compute/compute", "`forward_${lane.session.partition}_", "`forward_${item.readAt}_"),
    ],
    config: "keys",
    from: 115,
    finds: ["duplicated"],
  },
]
