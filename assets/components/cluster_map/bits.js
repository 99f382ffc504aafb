// A selection as bits, as Python reads it: bit i of byte i >> 3, the lowest first.

/** Return flags (0 or 1 each) as base64. */
export function encodeFlags(flags) {
  const bytes = new Uint8Array((flags.length + 7) >> 3);
  for (let i = 0; i < flags.length; i++) if (flags[i]) bytes[i >> 3] |= 1 << (i & 7);
  let text = "";
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return btoa(text);
}

/** Return n flags from base64; what is no base64, or too short, gives none. */
export function decodeFlags(text, n) {
  const flags = new Uint8Array(n);
  try {
    const bytes = atob(text);
    for (let i = 0; i < n; i++) flags[i] = (bytes.charCodeAt(i >> 3) >> (i & 7)) & 1;
  } catch {
    flags.fill(0);
  }
  return flags;
}

/** Return n flags from bytes. */
export function readFlags(bytes, n) {
  const flags = new Uint8Array(n);
  for (let i = 0; i < n; i++) flags[i] = (bytes[i >> 3] >> (i & 7)) & 1;
  return flags;
}

/** Return how many flags are set. */
export function countFlags(flags) {
  let n = 0;
  for (let i = 0; i < flags.length; i++) n += flags[i];
  return n;
}
