// SPDX-License-Identifier: MIT
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { isOciError, OciError } from "../../oci/errors.ts";

/**
 * An error about a reference without a scheme, with another hint where what it names lies here: `image:v1` beside a
 * layout `image` is not looked for at Docker Hub.
 */
export function hintAtPath(error: unknown, text: string): unknown {
  if (!isOciError(error, "invalid-reference")) return error;
  const meant = meantPath(text);
  if (meant === undefined) return error;
  const { message, details } = error;
  return new OciError("invalid-reference", message, { details, hint: meant });
}

function meantPath(text: string): string | undefined {
  const [path = "", ...tag] = text.split(":");
  if (path === "" || path.includes("\0")) return undefined;
  const stats = existsSync(path) ? statSync(path) : undefined;
  if (stats?.isFile() === true) {
    return `For the file of that name write oci-archive:${text} or docker-archive:${text}.`;
  }
  if (stats?.isDirectory() !== true) return undefined;
  if (existsSync(join(path, "oci-layout"))) {
    return `For the layout of that name write oci:${text}.`;
  }
  return tag.length === 0 ? `For the directory of that name write dir:${text}.` : undefined;
}
