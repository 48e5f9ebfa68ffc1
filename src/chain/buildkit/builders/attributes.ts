// SPDX-License-Identifier: MIT
import { resolve } from "node:path";
import { attributeList } from "../request/attribute-list.ts";
import type { BuildOutput, BuildSecret, CachePlace } from "../request/build-request.ts";

// What buildx and buildctl write alike: both hand these attributes to BuildKit.

type Attributes = readonly (readonly [key: string, value: string])[];

/** The attributes of an exporter. */
export function outputAttributes(output: BuildOutput): Attributes {
  const compression: Attributes =
    output.compression === undefined ? [] : [["compression", output.compression]];
  const form: Attributes = [["oci-mediatypes", "true"], ...compression];
  return output.kind === "layout"
    ? [["type", "oci"], ["tar", "false"], ["dest", resolve(output.directory)], ...form]
    : [["type", "oci"], ["dest", resolve(output.file)], ...form];
}

/** Only where the value is found; the program reads it itself. */
export function secretAttributes(secret: BuildSecret): string {
  return attributeList([
    ["id", secret.id],
    "file" in secret ? ["src", resolve(secret.file)] : ["env", secret.env],
  ]);
}

/** A cache to read. */
export function cacheImport(place: CachePlace): string {
  return attributeList(
    place.kind === "registry"
      ? [
          ["type", "registry"],
          ["ref", place.reference],
        ]
      : [
          ["type", "local"],
          ["src", resolve(place.directory)],
        ],
  );
}

/** A cache to write. That it can't be written does not fail a build. */
export function cacheExport(place: CachePlace): string {
  const where: Attributes =
    place.kind === "registry"
      ? [
          ["type", "registry"],
          ["ref", place.reference],
          ["image-manifest", "true"],
          ["oci-mediatypes", "true"],
        ]
      : [
          ["type", "local"],
          ["dest", resolve(place.directory)],
        ];
  return attributeList([...where, ["mode", "max"], ["ignore-error", "true"]]);
}
