// SPDX-License-Identifier: MIT
import { escapeText, type ByteString } from "../../bytes/byte-string.ts";
import { formatPlatform, normalisePlatform } from "../../oci/platform.ts";
import type { CheckSubject } from "../image/further-checks.ts";
import { matcherOfAll } from "./path-pattern.ts";
import type { ParityPolicy } from "./policy.ts";
import type { PolicyCheck } from "./policy-check.ts";
import type { KeptReports } from "./reporter.ts";

/** The paths of one root that a policy of parity is about. */
export interface ParitySide {
  readonly subject: CheckSubject;
  /** By the path with the names of the architecture taken out. */
  readonly paths: ReadonlyMap<string, ByteString>;
  readonly reporter: KeptReports;
}

/** Gathers the paths that match. They are compared when all roots are walked: {@link compareSides}. */
export function beginParity(
  { paths: patterns }: ParityPolicy,
  subject: CheckSubject,
  reporter: KeptReports,
): { readonly side: ParitySide; readonly check: PolicyCheck } {
  const matches = matcherOfAll(subject.root, patterns);
  const paths = new Map<string, ByteString>();
  return {
    side: { subject, paths, reporter },
    check: {
      visit(path) {
        if (matches(path)) paths.set(withoutArchitecture(path), path);
      },
      finish: () => undefined,
    },
  };
}

/** Reports, to the side that lacks it, every path that another side has. */
export function compareSides(sides: readonly ParitySide[]): void {
  const all = new Map<string, { readonly path: ByteString; readonly has: ParitySide }>();
  for (const side of sides) {
    for (const [key, path] of side.paths) if (!all.has(key)) all.set(key, { path, has: side });
  }
  for (const side of sides) {
    const { reporter, subject } = side;
    if (sides.length < 2) {
      const message = "one image alone was verified, so nothing was compared with others";
      reporter.note("nothing-matched", undefined, message);
    }
    for (const [key, { path, has }] of all) {
      if (side.paths.has(key)) continue;
      const message = `is there for ${nameOf(has.subject)}, and not for ${nameOf(subject)}`;
      reporter.tell("parity-differs", path, message);
    }
  }
}

function nameOf({ platform, root }: CheckSubject): string {
  return platform === undefined
    ? root.name
    : escapeText(formatPlatform(normalisePlatform(platform)));
}

/** What the machines of images are called in paths. */
const NAMES: ReadonlySet<string> = new Set(
  (
    "x86_64 amd64 x64 aarch64 arm64 riscv64 riscv64gc i386 i686 armhf armv7 ppc64le powerpc64le s390x loong64 " +
    "loongarch64"
  ).split(" "),
);

function withoutArchitecture(path: ByteString): string {
  return path.replace(/\w+/g, (word) => (NAMES.has(word) ? "*" : word));
}
