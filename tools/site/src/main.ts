// `npm run docs`: the documentation and the reference as a site, in tools/site/dist. With --serve it stays there to be looked at.
import { join } from "node:path"
import { build, serve } from "vitepress"
import { root } from "./pages.js"
import { makeReference } from "./reference.js"
import { layOut } from "./stage.js"

const site = join(root, "tools/site")
process.chdir(site)
await layOut()
await makeReference()
await build(site)
if (process.argv.includes("--serve")) await serve({ root: site, port: 4173 })
else console.log("The site is in tools/site/dist; `npm run docs -- --serve` shows it at http://localhost:4173.")
