// SPDX-License-Identifier: MIT
import { existsSync } from "node:fs";
import { toBytes, fromText, type ByteString } from "../bytes/byte-string.ts";
import { openRootFilesystem, type OpenRootOptions } from "../disk/open-root-filesystem.ts";
import { parseLocation, type Location } from "../image/location.ts";
import { OciError } from "../oci/errors.ts";
import { parsePlatform } from "../oci/platform.ts";
import {
  findRootFilesystems,
  listLocations,
  type ArchitectureClaim,
  type FoundRoot,
} from "./find-root-filesystems.ts";
import type { LinkFinding, LinkReport } from "./link-report.ts";
import { verifyLinks, type LinkExpectation } from "./verify-links.ts";

export interface VerifyRootsOptions extends OpenRootOptions {
  /**
   * The architecture that every root must have. Default: for an image that of its configuration; for a
   * directory the one that its surroundings claim, and without a claim all its compilers must have the same
   * one.
   */
  readonly architecture?: string | undefined;
  /** Where links must end in a root of an architecture, which is undefined when it is unknown. */
  readonly expect?: ((architecture: string | undefined) => readonly LinkExpectation[]) | undefined;
}

/**
 * Verifies the links of every root filesystem at the targets. Paths are searched for layouts and `rootfs`
 * directories; in an index every image is verified, unless a platform is given. Reports come in the order of
 * the targets. All claims about a root's architecture must be right: if a directory's name contradicts the
 * image's configuration, that is a finding.
 * @throws OciError `nothing-to-check` when a target holds no root filesystem; what finding, opening and
 * reading them throw
 */
export async function verifyRoots(
  targets: readonly string[],
  options: VerifyRootsOptions = {},
): Promise<readonly LinkReport[]> {
  const reports: LinkReport[] = [];
  for (const target of targets) {
    const found = await findTarget(parseLocation(target), options);
    if (found.length === 0) {
      throw new OciError("nothing-to-check", `${target}: expected a root filesystem, got none`, {
        details: { target },
        hint: "Name an image layout, a directory above some, a rootfs directory, or a reference.",
      });
    }
    for (const root of found) reports.push(await verifyRoot(root, options));
  }
  return reports;
}

async function findTarget(
  location: Location,
  options: VerifyRootsOptions,
): Promise<readonly FoundRoot[]> {
  if (location.kind === "path") return findRootFilesystems(location.path, options);
  if (options.platform !== undefined || (location.kind !== "oci" && location.kind !== "registry")) {
    return [{ location, claims: [] }];
  }
  const locations = await listLocations(location, options);
  return locations.map((image) => ({ location: image, claims: [] }));
}

async function verifyRoot(found: FoundRoot, options: VerifyRootsOptions): Promise<LinkReport> {
  // On this disk, layers are verified to the last byte even if their index is cached. In a registry that
  // would mean to fetch them again.
  const verifyCached = found.location.kind !== "registry";
  const opened = await openRootFilesystem(found.location, { verifyCached, ...options });
  const { root, image, close } = opened;
  try {
    const config = image?.config.value;
    const claims = [
      ...claim(options.architecture, "asked for"),
      ...claim(config?.architecture, "the image's configuration"),
      ...found.claims,
    ];
    const architecture = claims[0]?.architecture;
    const report = verifyLinks(root, {
      architecture,
      environment: config?.config?.Env,
      expect: options.expect?.(architecture),
      existsOnHost: (path) => existsSync(Buffer.from(toBytes(path))),
      limits: options.limits,
    });
    const contradictions = findContradictions(claims);
    return {
      ...report,
      ok: report.ok && contradictions.length === 0,
      findings: [...contradictions, ...report.findings],
    };
  } finally {
    await close();
  }
}

function claim(architecture: string | undefined, by: string): readonly ArchitectureClaim[] {
  if (architecture === undefined) return [];
  return [{ architecture: parsePlatform(architecture).architecture, by }];
}

const ROOT: ByteString = fromText("/");

function findContradictions(claims: readonly ArchitectureClaim[]): readonly LinkFinding[] {
  const [first, ...others] = claims;
  return others
    .filter(({ architecture }) => architecture !== first?.architecture)
    .map(({ architecture, by }) => ({
      code: "wrong-architecture",
      severity: "error",
      path: ROOT,
      message: `/: expected ${first!.architecture} (${first!.by}), got ${architecture} (${by})`,
    }));
}
