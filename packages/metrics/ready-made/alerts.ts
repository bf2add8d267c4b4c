import { names, Queries } from "./queries.js"

/** An alert rule of Prometheus. */
export interface Alert {
  readonly alert: string
  readonly expr: string
  readonly for: string
  readonly labels: { readonly severity: "warning" | "critical" }
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook_url: string }
}

const RUNBOOK = "docs/operations.md"
const over5m = new Queries({ range: "5m", matchers: "" })
const over15m = new Queries({ range: "15m", matchers: "" })

/** What should wake or warn somebody; `docs/operations.md` says what to do about each. */
export const alerts: readonly Alert[] = [
  critical(
    "FabraBusDown",
    "2m",
    `min by (job) (${over5m.now(names.busUp)}) == 0`,
    "The event bus does not answer",
    "Workers of {{ $labels.job }} have had no answer from the bus for two minutes.",
  ),
  critical(
    "FabraBusWaitsForReplica",
    "1m",
    `${over5m.told(names.busWaits, "server")} > 0`,
    "Nothing is applied: no replica confirms events",
    "Workers wait until a replica of {{ $labels.server }} has what it has.",
  ),
  warning(
    "FabraBusMemory",
    "1m",
    `${over5m.told(names.busMemory, "server")} > 0.8 * (${over5m.told(names.busMemoryLimit, "server")} > 0)`,
    "The memory of the bus is nearly full",
    "{{ $labels.server }} has less than a fifth of its memory left; without any, no event is accepted.",
  ),
  critical(
    "FabraPartitionsUnowned",
    "2m",
    `${over5m.told(names.partitionsUnowned, "group")} > 0`,
    "Partitions without a worker",
    "{{ $value }} partitions of group {{ $labels.group }} are read by no worker.",
  ),
  critical(
    "FabraStalled",
    "5m",
    `sum by (group) (${over5m.told(names.lagEvents, "group, partition")}) > 0 ` +
      `and on () ${over5m.rate(names.eventsProcessed)} == 0`,
    "Events wait and none is processed",
    "{{ $value }} events of group {{ $labels.group }} wait, and no worker has processed one for five minutes.",
  ),
  warning(
    "FabraLagging",
    "5m",
    `max by (group) (${over5m.now(names.lagSeconds)}) > 60`,
    "Workers are behind",
    "The oldest event that group {{ $labels.group }} has not settled is {{ $value | humanizeDuration }} old.",
  ),
  warning(
    "FabraFeaturesStale",
    "10m",
    `${over5m.quantile(0.99, names.featureFreshness)} > 10`,
    "Features are late",
    "One event in a hundred took longer than {{ $value | humanizeDuration }} from the bus to its features.",
  ),
  critical(
    "FabraEventsFailing",
    "10m",
    `${over5m.share(over5m.rate(names.eventsFailed), over5m.rate(names.eventsProcessed))} > 0.01`,
    "Many events end in the dead-letter queue",
    "{{ $value | humanizePercentage }} of all events fail.",
  ),
  warning(
    "FabraDeadLetters",
    "0m",
    `${over15m.increase(names.deadLetters, "reason")} > 0`,
    "Events went to the dead-letter queue",
    "About {{ $value | humanize }} dead letters in a quarter of an hour, reason {{ $labels.reason }}.",
  ),
  warning(
    "FabraDeadLettersWaiting",
    "0m",
    `${over5m.told(names.queueAge, "job")} > 86400`,
    "Dead letters wait for somebody",
    "The oldest dead letter is {{ $value | humanizeDuration }} old.",
  ),
  warning(
    "FabraEntitiesBlocked",
    "10m",
    `sum by (job) (${over5m.now(names.lanesBlocked)}) > 100`,
    "Many entities wait for retries",
    "{{ $value }} entities wait for a retry or for an outage to end.",
  ),
  warning(
    "FabraConflicts",
    "10m",
    `${over5m.share(over5m.rate(names.commits, "", 'result="conflict"'), over5m.rate(names.commits))} > 0.05`,
    "Many commits meet a conflict",
    "{{ $value | humanizePercentage }} of commits are computed again, because something else wrote the same entities.",
  ),
  warning(
    "FabraCacheFailing",
    "5m",
    `${over5m.rate(names.cacheFailures, "job, operation")} > 0`,
    "The feature cache does not answer",
    "Calls of the cache fail: {{ $labels.operation }}, {{ $value | humanize }} a second.",
  ),
  critical(
    "FabraCacheLostCommits",
    "0m",
    `${over15m.increase(names.rollbacks, "job", 'cause="lost"')} > 0`,
    "The feature cache has lost commits",
    "{{ $value | humanize }} partitions were read again because commits were gone; events are applied again, none is lost.",
  ),
  warning(
    "FabraScheduleFailing",
    "0m",
    `${over15m.increase(`${names.scheduleRuns}_count`, "job, feature", 'outcome!="complete"')} > 0`,
    "A feature on schedule was not computed for all entities",
    "Runs of {{ $labels.feature }} ended early, or some of their entities failed.",
  ),
  warning(
    "FabraLeasesLost",
    "0m",
    `${over15m.increase(names.rebalances, "job", 'change="lost"')} > 0`,
    "Workers lose their leases",
    "{{ $value | humanize }} partitions were taken from workers that live: they stood still for longer than their lease.",
  ),
  warning(
    "FabraHttpErrors",
    "5m",
    `${over5m.share(
      over5m.rate(`${names.httpRequests}_count`, "job", 'status=~"5.."'),
      over5m.rate(`${names.httpRequests}_count`, "job"),
    )} > 0.01`,
    "HTTP requests fail",
    "{{ $value | humanizePercentage }} of requests are answered with 5xx.",
  ),
]

/** The file that Prometheus reads. */
export const alertRules = { groups: [{ name: "fabra", rules: alerts }] }

function critical(alert: string, duration: string, expr: string, summary: string, description: string): Alert {
  return rule("critical", alert, duration, expr, summary, description)
}

function warning(alert: string, duration: string, expr: string, summary: string, description: string): Alert {
  return rule("warning", alert, duration, expr, summary, description)
}

function rule(
  severity: Alert["labels"]["severity"],
  alert: string,
  duration: string,
  expr: string,
  summary: string,
  description: string,
): Alert {
  const runbook_url = `${RUNBOOK}#${alert.toLowerCase()}`
  return { alert, expr, for: duration, labels: { severity }, annotations: { summary, description, runbook_url } }
}
