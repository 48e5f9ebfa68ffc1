// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";

const CACHE = "/__pycache__/";

/**
 * The source of a compiled file of Python, which is only used while the source has the time that it names
 * (PEP 3147): `/d/a.py` for `/d/__pycache__/a.cpython-313.opt-1.pyc`. Undefined for any other path.
 */
export function pythonSource(path: ByteString): ByteString | undefined {
  const at = path.lastIndexOf(CACHE);
  if (at < 0 || !path.endsWith(".pyc")) return undefined;
  const name = path.slice(at + CACHE.length);
  const dot = name.indexOf(".");
  return `${path.slice(0, at)}/${name.slice(0, dot)}.py` as ByteString;
}
