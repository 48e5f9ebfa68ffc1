// SPDX-License-Identifier: MIT
import { platformOf } from "../../image/list-images.ts";
import type { Image } from "../../image/image.ts";
import { formatPlatform, normalisePlatform, type Platform } from "../../oci/platform.ts";
import { escapeText } from "../../bytes/byte-string.ts";
import type { ImageFinding, ImageFindingCode } from "./image-report.ts";

/**
 * Compares what the documents of an image say of each other: the platform of the index's entry with that of
 * the configuration, and the history with the layers. (Types, digests, sizes, annotations and the number of
 * diffIDs are checked where the documents are read.) A history that is absent is no finding.
 * @param entry the platform that an index gives, if one does
 */
export function checkDocuments(image: Image, entry: Platform | undefined): readonly ImageFinding[] {
  const { config, manifest } = image;
  const findings: ImageFinding[] = [];
  const add = (code: ImageFindingCode, message: string): void => {
    findings.push({ code, severity: "error", path: undefined, message });
  };
  const own = platformOf(config.value);
  if (own.os === "" || own.architecture === "") {
    add(
      "wrong-platform",
      `the configuration: expected an os and an architecture, got "${escapeText(`${own.os}/${own.architecture}`)}"`,
    );
  } else if (entry !== undefined && !isSame(entry, own)) {
    const got = escapeText(formatPlatform(entry));
    add(
      "wrong-platform",
      `the index says ${got}, the configuration ${escapeText(formatPlatform(own))}`,
    );
  }
  const history = config.value.history ?? [];
  const made = history.filter(({ empty_layer: isEmpty }) => isEmpty !== true).length;
  const layers = manifest.value.layers.length;
  if (history.length > 0 && made !== layers) {
    add(
      "wrong-history",
      `the history: expected ${layers} entries with a layer, as there are layers, got ${made}`,
    );
  }
  return findings;
}

/** What only one of them says is no contradiction: older tools leave the variant out of a configuration. */
function isSame(entry: Platform, own: Platform): boolean {
  const [a, b] = [normalisePlatform(entry), normalisePlatform(own)];
  if (a.os !== b.os || a.architecture !== b.architecture) return false;
  const bothSay = entry.variant !== undefined && own.variant !== undefined;
  return !bothSay || a.variant === b.variant;
}
