// SPDX-License-Identifier: MIT
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { makeDirectories } from "../../files/make-directories.ts";
import { ownedName, sweepAbandoned } from "../../files/owned-name.ts";
import { removeTree } from "../../files/remove-tree.ts";
import { writing } from "../../files/system-error.ts";
import { withSource, type Named } from "../../image/by-reference/with-reference.ts";
import type { OpenOptions } from "../../image/open-reference.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { OciError } from "../../oci/errors.ts";
import { isManifestType } from "../../oci/media-types.ts";
import { readManifest } from "../../store/read-documents.ts";
import { titledLayers } from "./file-titles.ts";
import { checkPlaces, moveIntoPlace } from "./place-files.ts";
import { stageFile } from "./stage-file.ts";

/** Options of {@link pullArtifact}; `replace` allows to write over what is there. */
export type PullArtifactOptions = OpenOptions;

/** A file or directory that was pulled. */
export interface PulledFile {
  readonly title: string;
  readonly descriptor: Descriptor;
  /** Whether it is a directory that was unpacked. */
  readonly unpacked: boolean;
}

/** What was pulled. */
export interface PulledArtifact {
  readonly directory: string;
  readonly descriptor: Descriptor;
  readonly artifactType: string | undefined;
  readonly files: readonly PulledFile[];
  /** Layers without a title, which name no file. */
  readonly skipped: readonly Descriptor[];
}

const STAGE = ".oci-kit.artifact";
const ABANDONED_AGE = 24 * 3600_000;

/**
 * Writes the files of an artifact into a directory, under the names that their titles give, and unpacks those that
 * are directories. Everything is fetched and verified first, then moved into place; so an artifact that is broken
 * or names a place outside leaves the directory as it was. Links are never followed.
 * @throws OciError `path-escape` for a title or a tar that leads elsewhere; `already-exists` for what is there
 *   already, without `replace`; `not-found` for an artifact without files; `unsupported-media-type` for an index;
 *   what opening, reading and writing throw
 */
export function pullArtifact(
  from: Named,
  directory: string,
  options: PullArtifactOptions = {},
): Promise<PulledArtifact> {
  return withSource(from, options, async (source) => {
    const descriptor = await source.root(options);
    if (!isManifestType(descriptor.mediaType)) throw noArtifact(source.store.name, descriptor);
    const { value } = await readManifest(source.store, descriptor, options);
    const layers = titledLayers(value.layers);
    if (layers.length === 0) throw noFiles(source.store.name, descriptor);
    const { replace = false } = options;
    writing(directory, () => makeDirectories(directory));
    checkPlaces(directory, layers, replace);
    writing(directory, () => sweepAbandoned(directory, STAGE, ABANDONED_AGE));
    const stage = join(directory, ownedName(STAGE));
    writing(stage, () => mkdirSync(stage, { mode: 0o700 }));
    try {
      const staged = [];
      for (const [at, layer] of layers.entries()) {
        const place = join(stage, String(at));
        staged.push({ layer, path: await stageFile(source.store, layer, place, options) });
      }
      checkPlaces(directory, layers, replace);
      await moveIntoPlace(directory, staged, stage);
    } finally {
      await removeTree(stage);
    }
    const titled = new Set(layers.map((layer) => layer.descriptor));
    return {
      directory,
      descriptor,
      artifactType: value.artifactType ?? value.config.mediaType,
      files: layers.map(({ title, descriptor: file, isDirectory }) => ({
        ...{ title, descriptor: file, unpacked: isDirectory },
      })),
      skipped: value.layers.filter((layer) => !titled.has(layer)),
    };
  });
}

function noArtifact(where: string, { digest, mediaType }: Descriptor): OciError {
  return new OciError(
    "unsupported-media-type",
    `${where}: expected an artifact at ${digest}, got ${JSON.stringify(mediaType)}`,
    {
      details: { digest, mediaType },
      hint: "Name the one that is meant by its digest: REF@sha256:…",
    },
  );
}

function noFiles(where: string, { digest }: Descriptor): OciError {
  return new OciError(
    "not-found",
    `${where}: expected files in the artifact ${digest}, got none: no layer has a title`,
    { details: { digest }, hint: "An image is unpacked by oci-kit unpack REF DIR" },
  );
}
