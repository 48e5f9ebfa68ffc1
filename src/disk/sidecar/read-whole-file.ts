// SPDX-License-Identifier: MIT
import { closeSync, readFileSync } from "node:fs";
import { isOciError } from "../../oci/errors.ts";
import { fileError } from "../../files/system-error.ts";
import { openRegularFile } from "../../files/regular-file.ts";

/** The whole content of a regular file that this library wrote; undefined when there is none. @throws OciError `unreadable` */
export function readWholeFile(path: string): Uint8Array | undefined {
  let fd: number;
  try {
    ({ fd } = openRegularFile(path, "unreadable"));
  } catch (error) {
    if (isOciError(error, "not-found")) return undefined;
    throw error;
  }
  try {
    return readFileSync(fd);
  } catch (error) {
    throw fileError("unreadable", path, error);
  } finally {
    closeSync(fd);
  }
}
