/** What a metric is, before anybody counts. */
export interface MetricDefinition {
  readonly name: string
  readonly type: "counter" | "gauge" | "histogram"
  readonly help: string
  readonly labels: readonly string[]
  /** Upper bounds of a histogram. */
  readonly buckets?: readonly number[]
}

const CALLS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const EVENTS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/**
 * Every metric there is: the one place where names, labels and meanings stand. An entity of another type that the same
 * event changes counts as an event of its own.
 */
export const definitions = {
  eventsProcessed: counter("fabra_events_processed_total", "Events settled: applied, or put away as dead letters.", [
    "event_type",
  ]),
  eventsFailed: counter("fabra_events_failed_total", "Events of which a feature went to the dead-letter queue.", [
    "event_type",
  ]),
  eventsRepeated: counter("fabra_events_repeated_total", "Events read again that had been settled before.", []),
  eventProcessing: histogram("fabra_event_processing_seconds", "From reading an event to its commit.", [], EVENTS),
  featureFreshness: histogram(
    "fabra_feature_freshness_seconds",
    "From the moment the bus accepted an event to its commit: how old features are.",
    [],
    [...EVENTS, 60, 300, 900, 3600],
  ),
  featureFailures: counter("fabra_feature_failures_total", "Tries of a feature's handler that failed.", ["feature"]),
  featureRetries: counter("fabra_feature_retries_total", "Failed tries that were, or will be, followed by another.", [
    "feature",
  ]),
  errorsUncaught: counter(
    "fabra_uncaught_errors_total",
    "Errors of timers and promises that a handler left behind; (none): left by no handler.",
    ["feature"],
  ),
  eventsLate: counter("fabra_late_events_total", "Events older than one the feature was computed from already.", [
    "feature",
  ]),
  deadLetters: counter("fabra_dead_letters_total", "Dead letters written.", ["reason"]),
  readBatch: histogram(
    "fabra_read_batch_events",
    "Events that one read of the bus brought.",
    [],
    [1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000],
  ),
  commits: counter(
    "fabra_commits_total",
    "Commits of one entity: applied, conflict (computed again on the newer record), unknown (no answer; looked up).",
    ["result"],
  ),
  cacheCalls: histogram("fabra_cache_call_seconds", "Calls of the feature cache.", ["operation"], CALLS),
  cacheFailures: counter("fabra_cache_call_failures_total", "Calls of the feature cache without an answer.", [
    "operation",
  ]),
  busCalls: histogram(
    "fabra_bus_call_seconds",
    "Calls of the bus, reads not among them: those wait.",
    ["operation"],
    CALLS,
  ),
  busFailures: counter("fabra_bus_call_failures_total", "Calls of the bus without an answer.", ["operation"]),
  lanesBlocked: gauge("fabra_lanes_blocked", "Entities whose events wait for a retry, or for an outage to end.", []),
  partitionsOwned: gauge("fabra_partitions_owned", "Partitions that workers of this process hold.", []),
  rebalances: counter(
    "fabra_rebalances_total",
    "Partitions that changed hands: assigned to this process, released, or lost when a lease ran out.",
    ["change"],
  ),
  scheduleRuns: histogram(
    "fabra_schedule_run_seconds",
    "Runs on schedule, from beginning to end: complete, incomplete (some entities could not be computed), ended early.",
    ["feature", "outcome"],
    [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400],
  ),
  scheduledEntities: counter(
    "fabra_scheduled_entities_total",
    "Entities gone through on schedule: computed, or failed after all tries.",
    ["feature", "result"],
  ),
  recordsRemoved: counter(
    "fabra_records_removed_total",
    "Entities removed from the cache, all of whose values were beyond their ttl.",
    ["entity_type"],
  ),
  rollbacks: counter(
    "fabra_cache_rollbacks_total",
    "Partitions read again because the cache lost commits (lost), or may have when it was restarted (restart).",
    ["cause"],
  ),
  busUp: gauge("fabra_bus_up", "1 when the bus answered this scrape in time, else 0.", []),
  busReplicas: gauge("fabra_bus_replicas", "Replicas that a server of the bus has now.", ["server"]),
  busWaits: gauge(
    "fabra_bus_waits_for_replica",
    "1 while this process reads nothing from the server, because no replica confirms what it has.",
    ["server"],
  ),
  busMemory: gauge("fabra_bus_memory_bytes", "Memory in use on a server of the bus.", ["server"]),
  busMemoryLimit: gauge(
    "fabra_bus_memory_limit_bytes",
    "Memory above which a server of the bus accepts no event; 0: it has no limit.",
    ["server"],
  ),
  lagEvents: gauge(
    "fabra_partition_lag_events",
    "Events after the checkpoint; that of a busy partition trails the work by some seconds.",
    ["group", "partition"],
  ),
  lagSeconds: gauge("fabra_partition_lag_seconds", "Age of the oldest event after the checkpoint; 0 without one.", [
    "group",
    "partition",
  ]),
  quarantined: gauge(
    "fabra_partition_quarantined_events",
    "Events noted as run after their last owner died, and not behind the checkpoint yet.",
    ["group", "partition"],
  ),
  ownedSeconds: gauge("fabra_partition_owned_seconds", "For how long its worker has held it; 0 without one.", [
    "group",
    "partition",
  ]),
  partitionsUnowned: gauge("fabra_partitions_unowned", "Partitions that no worker of the group holds.", ["group"]),
  queueEntries: gauge("fabra_dead_letter_queue_entries", "Dead letters in the queue now.", []),
  queueAge: gauge("fabra_dead_letter_queue_oldest_age_seconds", "Age of the oldest of them; 0 without one.", []),
  httpRequests: histogram(
    "fabra_http_request_seconds",
    "HTTP requests by route; paths without one are told as other.",
    ["method", "route", "status"],
    CALLS,
  ),
  embeddingCalls: histogram(
    "fabra_embedding_call_seconds",
    "Calls of the embedder, failed ones among them.",
    [],
    [...CALLS, 10, 30],
  ),
  embeddingFailures: counter("fabra_embedding_call_failures_total", "Calls of the embedder that failed.", []),
  embeddingTexts: counter("fabra_embedding_texts_total", "Texts that were turned into vectors.", []),
  embeddingTokens: counter("fabra_embedding_tokens_total", "Tokens of these texts, by the embedder's own count.", []),
} as const satisfies Record<string, MetricDefinition>

function counter(name: string, help: string, labels: readonly string[]): MetricDefinition {
  return { name, type: "counter", help, labels }
}

function gauge(name: string, help: string, labels: readonly string[]): MetricDefinition {
  return { name, type: "gauge", help, labels }
}

function histogram(
  name: string,
  help: string,
  labels: readonly string[],
  buckets: readonly number[],
): Required<MetricDefinition> {
  return { name, type: "histogram", help, labels, buckets }
}
