/** True for names and addresses that only this machine can reach: `localhost`, `127.…`, `::1`, `[::1]`. */
export function isLoopback(host: string): boolean {
  return /^(localhost|\[::1\]|::1|127(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3})$/i.test(host)
}
