// SPDX-License-Identifier: MIT
import { rmdirSync } from "node:fs";
import { join } from "node:path";
import type { Image } from "../../image/image.ts";
import { quote } from "../../oci/quote.ts";
import { systemCode, writing } from "../../files/system-error.ts";
import { withLock } from "../../files/lock.ts";
import { makeDirectories } from "../../files/make-directories.ts";
import { createMetadataPolicy } from "../../disk/metadata-policy.ts";
import { inspectDestination, removeLeftover } from "./destination.ts";
import { onlyLayer } from "./only-layer.ts";
import { planUnpack, runUnpack } from "./run-unpack.ts";
import type { Machine, UnpackJob } from "./unpack-job.ts";
import type { UnpackOptions, UnpackResult } from "./unpack-options.ts";

const LOCK = "lock";

/**
 * Unpacks an image into a directory, which becomes the image's root filesystem. The directory is new, empty
 * or left by an earlier unpack; in the last case only the differences are written. Afterwards everything is
 * read back and compared; the result's `proof` tells what was compared and what differs. Nothing outside
 * the directory and its sidecar is written, whatever the image contains and whoever works in the directory
 * at the same time. An unpack that was interrupted at any moment can be run again; until then the sidecar
 * says that the directory is incomplete.
 * @throws OciError `already-exists` for a directory that contains anything else; `invalid-argument` for a
 * link or a file; `not-found` for an include pattern that matches nothing; `locked` if another unpack is
 * working on it; `unwritable`, `aborted`; what reading and merging the layers throw
 */
export function unpack(
  image: Image,
  directory: string,
  options: UnpackOptions = {},
): Promise<UnpackResult> {
  return unpackOn({}, image, directory, options);
}

/** {@link unpack} on a machine with the given abilities. */
export async function unpackOn(
  machine: Machine,
  image: Image,
  directory: string,
  options: UnpackOptions,
): Promise<UnpackResult> {
  const view = options.layer === undefined ? image : onlyLayer(image, options.layer);
  const policy = createMetadataPolicy(options);
  const inspect = (): UnpackJob => ({
    image,
    view,
    options,
    policy,
    machine,
    destination: inspectDestination(directory, { ...machine, sidecar: options.sidecar }),
  });
  const first = inspect();
  if (options.dryRun === true) return planUnpack(first);
  const { sidecar } = first.destination;
  writing(sidecar, () => makeDirectories(sidecar, 0o700));
  const { signal } = options;
  const work = async (): Promise<UnpackResult> => {
    await removeLeftover(inspect().destination);
    return runUnpack(inspect());
  };
  try {
    return await withLock(join(sidecar, LOCK), work, { signal, what: quote(directory) });
  } catch (error) {
    removeIfEmpty(sidecar);
    throw error;
  }
}

/** An unpack that failed before it changed anything leaves no sidecar. A sidecar with a record stays. */
function removeIfEmpty(sidecar: string): void {
  try {
    rmdirSync(sidecar);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}
