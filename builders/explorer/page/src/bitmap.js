// Sets of rows: a bit a row in a Uint32Array, the lowest bit first.

export const create = rows => new Uint32Array(Math.ceil(rows / 32))

export function createFull(rows) {
  const bits = create(rows).fill(0xffffffff)
  if (rows % 32) bits[bits.length - 1] = 2 ** (rows % 32) - 1
  return bits
}

export const add = (bits, row) => { bits[row >> 5] |= 1 << (row & 31) }
export const has = (bits, row) => (bits[row >> 5] >>> (row & 31)) & 1

export function intersect(bits, others) {
  for (let i = 0; i < bits.length; i++) bits[i] &= others[i]
  return bits
}

export function unite(bits, others) {
  for (let i = 0; i < bits.length; i++) bits[i] |= others[i]
  return bits
}

function countBits(word) {
  word -= (word >>> 1) & 0x55555555
  word = (word & 0x33333333) + ((word >>> 2) & 0x33333333)
  return (((word + (word >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24
}

/** How many rows two sets have in common. */
export function countCommon(bits, others) {
  let total = 0
  for (let i = 0; i < bits.length; i++) total += countBits(bits[i] & others[i])
  return total
}

/** A set as a list in ascending order: its size, its n-th row, and the place of a row in it. */
export function enumerate(bits) {
  const before = new Uint32Array(bits.length + 1)
  for (let i = 0; i < bits.length; i++) before[i + 1] = before[i] + countBits(bits[i])
  return {
    size: before[bits.length],
    at(place) {
      let low = 0, high = bits.length - 1
      while (low < high) {
        const middle = (low + high) >> 1
        if (before[middle + 1] > place) high = middle
        else low = middle + 1
      }
      for (let bit = 0, left = place - before[low]; bit < 32; bit++) {
        if ((bits[low] >>> bit) & 1 && left-- === 0) return low * 32 + bit
      }
    },
    find(row) {
      if (!has(bits, row)) return -1
      return before[row >> 5] + countBits(bits[row >> 5] & (2 ** (row & 31) - 1))
    },
  }
}
