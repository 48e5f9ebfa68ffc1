// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from "node:fs";
import { fileError, systemCode } from "../../files/system-error.ts";

/** The text of a file; undefined when there is none. @throws OciError `unreadable` */
export function readIfThere(path: string): string | undefined {
  return ifThere(path, () => readFileSync(path, "utf8"));
}

/** The names in a directory, sorted; undefined when there is no such directory. @throws OciError `unreadable` */
export function listIfThere(path: string): readonly string[] | undefined {
  return ifThere(path, () => readdirSync(path).sort());
}

function ifThere<T>(path: string, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw fileError("unreadable", path, error);
  }
}
