import { FabraApiError } from "@fabra/client"
import { FabraError } from "@fabra/events"
import { CommanderError } from "commander"
import { FeaturesFileError } from "../features/features-file.js"

/** Every exit code, and what it means; docs/cli.md shows this table. */
export const exitCodes = {
  ok: { code: 0, meaning: "done; of a long-running command: stopped as asked" },
  failed: { code: 1, meaning: "it did not work, or only in part: an event refused, a check of `doctor` failed" },
  usage: { code: 2, meaning: "the command line or a setting makes no sense" },
  features: { code: 3, meaning: "your features file cannot be loaded, or exports no store" },
  unavailable: {
    code: 4,
    meaning: "Redis, Postgres, the server that makes embeddings or the HTTP API does not answer, or refuses the login",
  },
  notFound: { code: 5, meaning: "what was asked for is not there" },
  quit: { code: 130, meaning: "quit by a second Ctrl-C, before what was begun was finished" },
} as const

/** The exit code for an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok.code : exitCodes.usage.code
  if (error instanceof FeaturesFileError) return exitCodes.features.code
  if (error instanceof FabraApiError && error.code === "timeout") return exitCodes.unavailable.code
  switch (codeOf(error)) {
    case "feature_owned":
    case "forbidden":
    case "invalid_argument":
    case "invalid_name":
    case "invalid_request":
    case "invalid_setting":
    case "partition_mismatch":
    case "unauthorized":
      return exitCodes.usage.code
    case "bus_unavailable":
    case "cache_unavailable":
    case "closing":
    case "embedder_unavailable":
    case "offline_unavailable":
    case "unreachable":
    case "vector_unavailable":
      return exitCodes.unavailable.code
    case "not_found":
    case "unknown_entity":
    case "unknown_feature":
    case "unknown_index":
      return exitCodes.notFound.code
    default:
      return exitCodes.failed.code
  }
}

function codeOf(error: unknown): string {
  return error instanceof FabraApiError ? error.code : FabraError.from(error).code
}
