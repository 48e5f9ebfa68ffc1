// SPDX-License-Identifier: MIT
import type { ConfigurationDocument } from "./schema.ts";

/** `oci-kit.yaml`, read and checked; nothing in it is expanded yet. */
export interface Configuration {
  /** The file; undefined when it was made from flags. */
  readonly file: string | undefined;
  /** Absolute: what relative paths in it are relative to. */
  readonly directory: string;
  /** The repository that images are published to, without tag. */
  readonly image: string | undefined;
  /** As `amd64`, or `linux/arm/v7`. */
  readonly architectures: readonly string[];
  readonly document: ConfigurationDocument;
  /** Variables given from outside: they replace those of the file. */
  readonly variables: Readonly<Record<string, string>>;
  /** Where a value stands, for messages: `linux/oci-kit.yaml:12:9: layers[0].steps[1].copy`. */
  readonly locate: (path: KeyPath) => string;
}

/** The keys and positions that lead to a value in the document. */
export type KeyPath = readonly (string | number)[];

/** `layers[0].steps[1].copy` */
export function formatKeyPath(path: KeyPath): string {
  return path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`))
    .join("")
    .replace(/^\./, "");
}
