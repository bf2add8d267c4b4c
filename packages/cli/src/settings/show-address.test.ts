import { expect, test } from "vitest"
import { showAddress } from "./show-address.js"

test.each([
  ["redis://app:hush@db:6379/1", "redis://app:***@db:6379/1"],
  ["redis://:hush@db:6379", "redis://:***@db:6379"],
  ["redis://hush@db:6379", "redis://***@db:6379"],
  ["redis://db:6379/1?password=hush&db=2&password=hush", "redis://db:6379/1?password=***&db=***"],
  ["redis://a:hush@one,rediss://a:hush@two?password=hush", "redis://a:***@one,rediss://a:***@two?password=***"],
  ["postgres://app:hush@db/shop?sslpassword=hush#hush", "postgres://app:***@db/shop?sslpassword=***"],
  ["not an address with hush", "(an address that cannot be read)"],
])("an address is shown without its secrets: %s", (address, shown) => {
  expect(showAddress(address)).toBe(shown)
})
