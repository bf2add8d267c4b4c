import type { MetadataFilter, SearchQuery } from "@fabra/core"
import { hitToWire } from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"
import { searchDocuments, searchSettings } from "../access/search-access.js"
import { defineCommand } from "../command.js"
import { oneOf, wholeNumber } from "../settings/kinds.js"
import { brief, print, table } from "../terminal/output.js"

type Options = Required<Pick<SearchQuery, "topK" | "mode">> & Pick<SearchQuery, "filter" | "efSearch">

/** `fabra search`: the documents of an index that are nearest to a text. */
export const searchCommand = () =>
  defineCommand<(typeof searchSettings)[number], Options>({
    name: "search <index> <text>",
    summary: "find the documents of an index that are like a text",
    settings: searchSettings,
    setUp: (command) =>
      command
        .option("--top-k <n>", "list at most this many", wholeNumber(1, 1_000).read, 10)
        .option("--filter <json>", "which documents count, by their metadata", readFilter)
        .option("--mode <how>", "vector, text or hybrid", oneOf("vector", "text", "hybrid").read, "vector")
        .option(
          "--ef-search <n>",
          "how many candidates to look at: more find more, and take longer",
          wholeNumber(1, 1_000).read,
        ),
    examples: [
      ['fabra search documents "quick foxes"', "what is like it"],
      [`fabra search documents foxes --mode hybrid --filter '{"lang": "en"}' --top-k 3`, "by words too, of some"],
    ],
    async run({ settings, options }, index: string, text: string) {
      const { topK, mode, filter, efSearch } = options
      const found = await searchDocuments(settings, index, { text, topK, mode, filter, efSearch })
      const hits = found.map(hitToWire)
      print(options.json, { index, hits }, () =>
        hits.length === 0
          ? "Nothing found."
          : table(
              ["document", "chunk", "score", "text", "metadata"],
              hits.map(({ entity_id, chunk, score, text, metadata }) => [
                entity_id,
                String(chunk),
                score.toFixed(3),
                brief(text),
                brief(metadata, 40),
              ]),
            ),
      )
    },
  })

/** Reads `--filter`. @throws FabraError `invalid_argument` */
export function readFilter(given: string): MetadataFilter {
  try {
    return JSON.parse(given) as MetadataFilter
  } catch (error) {
    const message = `--filter is not JSON: ${(error as Error).message}.`
    throw new FabraError("invalid_argument", message, { path: "--filter" })
  }
}
