// SPDX-License-Identifier: MIT
import { readdirSync } from "node:fs";
import { isOciError } from "../oci/errors.ts";
import { formatLocation, type Location } from "./location.ts";
import { openReference, type OpenOptions, type OpenReference } from "./open-reference.ts";

/**
 * Opens what is now at the place where something will be written, only for reading; nothing is made.
 * Undefined if there is nothing yet, and for an archive, which is always written anew.
 * @throws OciError as opening it for writing would
 */
export async function openPrevious(
  location: Location,
  options: OpenOptions,
): Promise<OpenReference | undefined> {
  if (location.kind === "oci-archive" || location.kind === "docker-archive") {
    const { refuseExisting } = await import("../store/archive/archive-writer.ts");
    if (options.replace !== true) refuseExisting(location.file, formatLocation(location));
    return undefined;
  }
  try {
    return await openReference(location, options);
  } catch (error) {
    if (isOciError(error, "not-found")) return undefined;
    if (isOciError(error, "invalid-layout") && isEmpty(location)) return undefined;
    throw error;
  }
}

function isEmpty(location: Location): boolean {
  if (location.kind === "oci") return readdirSync(location.directory).length === 0;
  return location.kind === "path" && readdirSync(location.path).length === 0;
}
