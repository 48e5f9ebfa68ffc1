// SPDX-License-Identifier: MIT
import { existsSync, readdirSync, renameSync, rmdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { makeDirectories } from "../../../files/make-directories.ts";
import { ownedName, sweepAbandoned } from "../../../files/owned-name.ts";
import { removeTree } from "../../../files/remove-tree.ts";
import { syncDirectory } from "../../../files/sync/sync-directory.ts";
import { syncFilesystems } from "../../../files/sync/sync-filesystems.ts";
import { writing } from "../../../files/system-error.ts";
import { OciError } from "../../../oci/errors.ts";
import { quote } from "../../../oci/quote.ts";
import type { BuildOutput } from "../request/build-request.ts";

/** Where a build's output is made until it is whole. */
export interface TakenOutput {
  /** The output for the builder. */
  readonly request: BuildOutput;
  readonly place: string;
  /** Puts the whole output where it was asked for. */
  keep(): Promise<void>;
  /** Removes what was not kept. Idempotent. */
  discard(): Promise<void>;
}

/** In milliseconds; as for temporary contexts. */
const ABANDONED_AGE = 24 * 3600_000;

/**
 * Makes a place beside the one that was asked for, so that a build that is killed leaves no half of an image there.
 * @throws OciError `already-exists` for a directory that is not empty, `unwritable`
 */
export function takeOutput(output: BuildOutput): TakenOutput {
  if (output.kind === "archive") {
    const taken = takePlace(resolve(output.file));
    return { ...taken, request: { ...output, file: taken.place } };
  }
  const directory = resolve(output.directory);
  refuseContent(directory);
  const taken = takePlace(directory);
  return { ...taken, request: { ...output, directory: taken.place } };
}

function takePlace(wanted: string): Omit<TakenOutput, "request"> {
  const parent = dirname(wanted);
  const stem = `.${basename(wanted)}.build`;
  writing(parent, () => {
    makeDirectories(parent);
    sweepAbandoned(parent, stem, ABANDONED_AGE);
  });
  const place = join(parent, ownedName(stem));
  return {
    place,
    keep: async () => {
      const isDirectory = statSync(place).isDirectory();
      // BuildKit's directory for what it has not verified yet; it leaves it there, empty.
      if (isDirectory) await removeTree(join(place, "ingest"));
      await syncFilesystems([place]);
      writing(wanted, () => {
        if (isDirectory && existsSync(wanted)) rmdirSync(wanted);
        renameSync(place, wanted);
        syncDirectory(parent);
      });
    },
    discard: () => removeTree(place),
  };
}

function refuseContent(directory: string): void {
  if (!existsSync(directory) || readdirSync(directory).length === 0) return;
  throw new OciError(
    "already-exists",
    `${quote(directory)}: expected no directory or an empty one for what is built, got one with something in it`,
    { details: { directory }, hint: "Name another directory, or remove this one." },
  );
}
