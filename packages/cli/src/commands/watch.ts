import { accessSettings, openAccess } from "../access/open-access.js"
import { defineCommand } from "../command.js"
import { noticeLine } from "../feed/notice-line.js"
import { print, say } from "../terminal/output.js"
import { stopSignal } from "../terminal/shutdown.js"

/** `fabra watch`: events as they are applied. */
export const watchCommand = () =>
  defineCommand({
    name: "watch",
    summary: "show events as they are applied, until Ctrl-C",
    details:
      "With the values soon after: events of one entity that come close together show the newest, all the\nsame, and not the value after each. On a busy system some events are left out, and counted.",
    settings: accessSettings,
    examples: [["fabra watch --json | jq .features", "one JSON object for each event"]],
    async run({ settings, options }) {
      await using access = await openAccess(settings)
      const stop = stopSignal()
      if (!options.json) say(`Watching ${access.where}; Ctrl-C ends it.`)
      await access.follow(({ applied, skipped }) => {
        for (const notice of applied) print(options.json, notice, () => noticeLine(notice))
        if (skipped > 0) say(`… and ${skipped.toLocaleString("en")} more`)
      }, stop)
    },
  })
