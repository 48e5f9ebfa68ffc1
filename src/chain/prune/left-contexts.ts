// SPDX-License-Identifier: MIT
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isAbandoned, isOurs, stemOf } from "../../files/owned-name.ts";
import { fileError } from "../../files/system-error.ts";
import { ABANDONED_AGE } from "../buildkit/places/temporary-context.ts";

/** The contexts that dead processes left: what `sweepContexts` removes. @throws OciError `unreadable` */
export function findLeftContexts(root: string): readonly string[] {
  if (!existsSync(root)) return [];
  return namesIn(root)
    .filter((name) => stemOf(name) !== undefined)
    .map((name) => join(root, name))
    .filter((path) => isOurs(path) && isAbandoned(path, ABANDONED_AGE));
}

function namesIn(root: string): readonly string[] {
  try {
    return readdirSync(root);
  } catch (error) {
    throw fileError("unreadable", root, error);
  }
}
