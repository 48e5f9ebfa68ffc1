// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";

const EMPTY = "" as ByteString;
const NOTHING: ReadonlyMap<ByteString, ByteString> = new Map();

/** Extended attributes, or other named values, as one byte string: `<length>:<name><length>:<value>` for each. */
export function packMap(map: ReadonlyMap<ByteString, ByteString>): ByteString {
  if (map.size === 0) return EMPTY;
  let packed = "";
  for (const [name, value] of map) packed += `${name.length}:${name}${value.length}:${value}`;
  return packed as ByteString;
}

/** Unpacks what {@link packMap} made, in the same order; all empty results are one shared map. */
export function unpackMap(packed: ByteString): ReadonlyMap<ByteString, ByteString> {
  if (packed === "") return NOTHING;
  const map = new Map<ByteString, ByteString>();
  let at = 0;
  const next = (): ByteString => {
    const colon = packed.indexOf(":", at);
    const start = colon + 1;
    at = start + Number(packed.slice(at, colon));
    return packed.slice(start, at) as ByteString;
  };
  while (at < packed.length) map.set(next(), next());
  return map;
}
