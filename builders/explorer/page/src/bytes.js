// Files as hyparquet reads them, byte range by byte range, from a server or from a file that was picked.

const NEAR = 1 << 14
export const moved = { requests: 0, bytes: 0 }

export class Failure extends Error {}

/** Fetches an address, and complains in words that the page can show. */
export async function get(url, options) {
  let response
  try {
    response = await fetch(url, { credentials: 'omit', ...options })
  } catch (error) {
    throw new Failure(`${url} cannot be reached: ${error.message}`)
  }
  if (!response.ok) {
    const told = await response.json().catch(() => null)
    throw new Failure(told?.error ?? `${url}: the server answered ${response.status}`)
  }
  return response
}

export async function getJson(url) {
  const text = await (await get(url)).text()
  moved.requests += 1
  moved.bytes += text.length
  return JSON.parse(text)
}

/** Bytes of a file. A server that knows no ranges sends all, out of which they are cut. */
export async function getRange(url, start, end) {
  // No header but this one: a request across sites stays a simple one, which asks for no leave first.
  const response = await get(url, start === undefined ? {} : { headers: { Range: `bytes=${start}-${end - 1}` } })
  const buffer = await response.arrayBuffer()
  moved.requests += 1
  moved.bytes += buffer.byteLength
  return start === undefined || response.status === 206 ? buffer : buffer.slice(start, end)
}

/** A file on a server. Ranges that are asked for at once and lie near each other are one request. */
export function openUrl(url, byteLength) {
  let waiting = []
  async function send() {
    const asked = waiting.sort((one, other) => one.start - other.start)
    waiting = []
    for (let i = 0; i < asked.length;) {
      const group = [asked[i]]
      let end = asked[i].end
      for (i++; i < asked.length && asked[i].start <= end + NEAR; i++) {
        group.push(asked[i])
        end = Math.max(end, asked[i].end)
      }
      const start = group[0].start
      getRange(url, start, end).then(
        buffer => group.forEach(one => one.resolve(buffer.slice(one.start - start, one.end - start))),
        error => group.forEach(one => one.reject(error)),
      )
    }
  }
  return {
    byteLength,
    slice(start, end = byteLength) {
      return new Promise((resolve, reject) => {
        if (!waiting.length) queueMicrotask(() => setTimeout(send))
        waiting.push({ start, end, resolve, reject })
      })
    },
  }
}

/** A file that was picked. */
export const openFile = file => ({
  byteLength: file.size,
  slice: (start, end) => file.slice(start, end).arrayBuffer(),
})
