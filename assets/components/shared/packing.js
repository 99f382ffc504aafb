// Reads what pages/components/packing.py wrote.

const MAGIC = 0x3141584d; // "MXA1", little-endian
const TYPED_ARRAYS = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** Return {header, parts, shapes}: parts are typed arrays, one Uint8Array (a file), or an array of those (files). */
export function unpack(bytes) {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset } = aligned;
  const view = new DataView(buffer, byteOffset, aligned.byteLength);
  if (aligned.byteLength < 8 || view.getUint32(0, true) !== MAGIC) throw new Error("not a packed message");
  const length = view.getUint32(4, true);
  const { header, parts: facts } = JSON.parse(new TextDecoder().decode(aligned.subarray(8, 8 + length)));
  const start = byteOffset + 8 + length;
  const parts = {}, shapes = {};
  for (const [name, fact] of Object.entries(facts)) {
    shapes[name] = fact.shape ?? null;
    parts[name] = readPart(buffer, start + fact.offset, fact);
  }
  return { header, parts, shapes };
}

function readPart(buffer, at, fact) {
  if (fact.dtype === "file") return new Uint8Array(buffer, at, fact.bytes);
  if (fact.dtype === "files") {
    let from = at;
    return fact.sizes.map((size) => new Uint8Array(buffer, (from += size) - size, size));
  }
  const Typed = TYPED_ARRAYS[fact.dtype];
  return new Typed(buffer, at, fact.bytes / Typed.BYTES_PER_ELEMENT);
}
