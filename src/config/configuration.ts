// SPDX-License-Identifier: MIT
import type { ConfigurationDocument } from "./schema.ts";

/** A checked `oci-kit.yaml`. Nothing in it is expanded yet. */
export interface Configuration {
  /** The path of the file. Undefined when the configuration was made from flags. */
  readonly file: string | undefined;
  /** The absolute directory from which relative paths in the configuration are taken. */
  readonly directory: string;
  /** The repository to which images are published, without a tag. */
  readonly image: string | undefined;
  /** Each as `amd64` or `linux/arm/v7`. */
  readonly architectures: readonly string[];
  readonly document: ConfigurationDocument;
  /** Variables given from outside. They take precedence over those of the file. */
  readonly variables: Readonly<Record<string, string>>;
  /** Where a value is in the file, for messages: `linux/oci-kit.yaml:12:9: layers[0].steps[1].copy`. */
  readonly locate: (path: KeyPath) => string;
}

/** The keys and positions that lead to a value in the document. */
export type KeyPath = readonly (string | number)[];

/** Formats a path as `layers[0].steps[1].copy`. */
export function formatKeyPath(path: KeyPath): string {
  return path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`))
    .join("")
    .replace(/^\./, "");
}
