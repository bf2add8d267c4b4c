/**
 * An address for people, or several separated by commas: the one place where the command writes an address out. Passwords
 * are hidden, and so is everything that a query says, since drivers read passwords from there as well.
 */
export function showAddress(addresses: string): string {
  return addresses.split(",").map(showOne).join(",")
}

function showOne(address: string): string {
  if (!URL.canParse(address)) return "(an address that cannot be read)"
  const url = new URL(address)
  if (url.password !== "") url.password = HIDDEN
  // A user alone may be a token.
  else if (url.username !== "") url.username = HIDDEN
  for (const name of new Set(url.searchParams.keys())) url.searchParams.set(name, HIDDEN)
  url.hash = ""
  return url.href
}

const HIDDEN = "***"
