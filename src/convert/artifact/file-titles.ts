// SPDX-License-Identifier: MIT
import { AnnotationKey } from "../../oci/annotations.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { OciError } from "../../oci/errors.ts";
import { limitExceeded } from "../../oci/limits.ts";
import { quote } from "../../oci/quote.ts";

/** A layer of an artifact that is a file or a directory. */
export interface TitledLayer {
  readonly descriptor: Descriptor;
  /** A relative path without `.`, `..` and empty parts. */
  readonly title: string;
  /** Whether it is the tar of a directory. */
  readonly isDirectory: boolean;
}

/**
 * The layers of an artifact that have a title.
 * @throws OciError `path-escape` for a title that is no path below a directory, or leads through what another
 *   layer puts there; `limit-exceeded` for one that no system takes
 */
export function titledLayers(layers: readonly Descriptor[]): readonly TitledLayer[] {
  const titled = layers.flatMap((descriptor): TitledLayer[] => {
    const title = descriptor.annotations?.[AnnotationKey.title];
    if (title === undefined || title === "") return [];
    const isDirectory = descriptor.annotations?.[AnnotationKey.unpack] === "true";
    return [{ descriptor, title: checkTitle(title), isDirectory }];
  });
  const taken = new Set<string>();
  for (const { title } of titled) {
    if (taken.has(title)) throw notApart(title);
    taken.add(title);
  }
  for (const { title } of titled) {
    for (let end = title.lastIndexOf("/"); end > 0; end = title.lastIndexOf("/", end - 1)) {
      const above = title.slice(0, end);
      if (taken.has(above)) throw notApart(above);
    }
  }
  return titled;
}

function notApart(title: string): OciError {
  return escape(title, "a path of its own", "one that others are at or below");
}

const LONGEST_TITLE = 4096;

function checkTitle(title: string): string {
  if (title.length > LONGEST_TITLE) {
    const allowed = { what: "artifact: title", allowed: LONGEST_TITLE, got: title.length };
    throw limitExceeded({ ...allowed, unit: "characters" });
  }
  const path = title.replace(/^(?:\.\/+)+/, "").replace(/\/+$/, "");
  const parts = path.split("/");
  const isPlain = parts.every((part) => part !== "" && part !== "." && part !== "..");
  if (isPlain && !/[\0\\]/.test(path)) return path;
  throw escape(title, "a path below the directory", "one that leads elsewhere");
}

function escape(title: string, expected: string, got: string): OciError {
  return new OciError(
    "path-escape",
    `artifact: title ${quote(title)}: expected ${expected}, got ${got}`,
    { details: { title }, hint: "Nothing was written. oci-kit inspect --raw shows its titles." },
  );
}
