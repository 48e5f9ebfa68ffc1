// SPDX-License-Identifier: MIT
import { shortDigest } from "../../oci/digest.ts";
import { type Platform, parsePlatform, platformMatches } from "../../oci/platform.ts";
import type { Published } from "../published-index.ts";
import { type ChildFacts, type GateFinding, reasonOf, writePlatform } from "./gate.ts";

/** Completeness: every architecture of the configuration is in the push. */
export function findMissing(
  children: readonly ChildFacts[],
  architectures: readonly string[],
): GateFinding[] {
  return architectures
    .filter((architecture) => {
      const wanted = parsePlatform(architecture);
      return !children.some((child) => platformMatches(wanted, child.platform));
    })
    .map((architecture) => ({
      gate: "missing-architecture",
      architecture,
      message: `${architecture} is missing: the configuration lists it, and no image is for it`,
    }));
}

/** No shrinking: a platform that is published now may get a new image, but must not disappear. */
export function findDropped(children: readonly ChildFacts[], published: Published): GateFinding[] {
  switch (published.state) {
    case "absent":
      return [];
    case "unreadable": {
      const reason = reasonOf(published.error);
      const message = `what is published could not be read, so nobody knows what this push would drop: ${reason}`;
      return [{ gate: "published-unreadable", message }];
    }
    case "present":
      return published.images.flatMap(({ platform, digest }) => {
        if (platform === undefined) return [];
        if (children.some((child) => platformMatches(machineOf(platform), child.platform)))
          return [];
        const name = writePlatform(platform);
        const message = `${name} would be dropped: it is published as ${shortDigest(digest)}, and no image is for it`;
        return [{ gate: "dropped-platform", platform: name, digest, message }];
      });
  }
}

/**
 * The platform without the version of the operating system: an image for a new Windows replaces the one for
 * an old Windows.
 */
function machineOf({ os, architecture, variant }: Platform): Platform {
  return { os, architecture, variant };
}
