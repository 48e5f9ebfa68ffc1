// SPDX-License-Identifier: MIT
import { isOciError } from "../../oci/errors.ts";
import { findOutput } from "./output-place.ts";

/**
 * Whether what is written to a path goes to this process's standard output: `-`, and what leads to
 * descriptor 1, as `/dev/stdout`, `/dev/fd/1` and `/proc/self/fd/1` do. False for what nothing can be
 * written to: whoever writes there says so.
 */
export function isStandardOutput(path: string): boolean {
  if (path === "-") return true;
  try {
    const place = findOutput(path);
    return place.kind === "descriptor" && place.fd === 1;
  } catch (error) {
    if (isOciError(error)) return false;
    throw error;
  }
}
