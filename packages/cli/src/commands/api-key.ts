import type { Scope } from "@fabra/server"
import { type Command, Option } from "commander"
import { defineCommand } from "../command.js"
import { SCOPES, spellApiKey } from "../serve/api-keys.js"
import { print } from "../terminal/output.js"

/** `fabra api-key`: a new key for the HTTP API. */
export const apiKeyCommand = () =>
  defineCommand<never, { readonly scopes: readonly Scope[] }>({
    name: "api-key <name>",
    summary: "make a key for the HTTP API",
    details:
      "The key is for who calls; the server is given its hash alone, in FABRA_API_KEYS, where several\nare separated by commas.",
    setUp: (command: Command) =>
      command.addOption(
        new Option("--scopes <scopes...>", "what it may do").choices(SCOPES).default(["ingest", "read"]),
      ),
    examples: [["fabra api-key shop --scopes ingest", "one that may publish, and no more"]],
    async run({ options }, name: string) {
      const { createApiKey } = await import("@fabra/server")
      const { key, apiKey } = createApiKey(name, options.scopes)
      const setting = spellApiKey(apiKey)
      print(options.json, { key, setting }, () =>
        [`key, for the caller:               ${key}`, `for the server's FABRA_API_KEYS:   ${setting}`].join("\n"),
      )
    },
  })
