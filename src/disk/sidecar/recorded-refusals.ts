// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import type { Refusals } from "../metadata-policy.ts";
import type { UnpackRecord } from "./unpack-record.ts";

const MOST_REASONS = 1000;
/** Of an attribute's name on Linux (XATTR_NAME_MAX): a longer one, which a layer may have, is never taken. */
const LONGEST_NAME = 255;

/** Refusals as `sidecar.json` has them: bounded, whatever the attributes of an image are called. */
export function recordRefusals({ owner, special, xattrs }: Refusals): UnpackRecord["refusals"] {
  const named = [...xattrs].filter(([name]) => isRecorded(name)).slice(0, MOST_REASONS);
  return {
    owner,
    special: Object.fromEntries(special),
    xattrs: Object.fromEntries(named.map(([name, reason]) => [toText(name), reason])),
  };
}

/** `__proto__` is no key of a JSON document that we read, and no attribute of any system. */
function isRecorded(name: ByteString): boolean {
  return name.length <= LONGEST_NAME && name !== "__proto__";
}
