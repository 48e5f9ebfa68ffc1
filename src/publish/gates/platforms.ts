// SPDX-License-Identifier: MIT
import { isSamePlatform } from "../../image/find-image.ts";
import { platformMatches } from "../../oci/platform.ts";
import { type ChildFacts, type GateFinding, nameOf, writePlatform } from "./gate.ts";

/** No duplicates: with two images for one platform, chance would decide which one runs. */
export function findDuplicates(children: readonly ChildFacts[]): GateFinding[] {
  const findings: GateFinding[] = [];
  for (const child of children) {
    const same = children.filter((other) => isSamePlatform(other.platform, child.platform));
    if (same.length < 2 || same[0] !== child) continue;
    const platform = writePlatform(child.platform);
    const names = same.map(nameOf);
    const message = `${platform} is claimed by ${names.length} images: ${names.join(", ")}`;
    findings.push({ gate: "duplicate-platform", platform, children: names, message });
  }
  return findings;
}

/** Right platforms: each image is for the platform that its directory, its tag and its index claim. */
export function findWrongPlatforms(children: readonly ChildFacts[]): GateFinding[] {
  return children.flatMap((child) =>
    child.claims
      .filter((claim) => !platformMatches(claim.platform, child.platform))
      .map((claim): GateFinding => {
        const name = nameOf(child);
        const claimed = writePlatform(claim.platform);
        const configured = writePlatform(child.platform);
        const message = `${name} is for ${configured} by its configuration, and for ${claimed} by its ${claim.by}`;
        return { gate: "wrong-platform", child: name, claimed, configured, message };
      }),
  );
}
