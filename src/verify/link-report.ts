// SPDX-License-Identifier: MIT
import type { ByteString } from "../bytes/byte-string.ts";
import type { Finding } from "../oci/finding.ts";
import type { Hop, Stop } from "../rootfs/resolve-path.ts";

/** What can be wrong with a link, or with the file that it leads to. */
export type LinkFindingCode =
  /** There is nothing at the path that was to be checked. */
  | "missing"
  /** The link leads to a path that is not there. */
  | "dangling"
  /** There are more links than a kernel follows. */
  | "loop"
  /** It ends elsewhere than expected. */
  | "wrong-target"
  /** An executable, or a claim about the root, is for another architecture. */
  | "wrong-architecture"
  /** A file without any execute permission, or no file at all. */
  | "not-executable"
  /** Neither an ELF executable nor a script. */
  | "not-an-executable-format"
  /** The target is not in the root, but this machine has something at that path. */
  | "host-only"
  /** It is the distribution's compiler, although the root has its own toolchain. */
  | "distro-fallback"
  /** The interpreter of a script is not in the root. */
  | "interpreter-missing"
  /** A relative target climbs above the root. */
  | "relative-escape";

export interface LinkFinding extends Finding<LinkFindingCode> {
  /** Where the chain began. */
  readonly path: ByteString;
}

/** What a chain ends at. */
export type ChainEnd =
  | { readonly kind: "nothing" }
  /** `architecture` is undefined when the machine is unknown. */
  | { readonly kind: "elf"; readonly architecture: string | undefined }
  /** `real` is the ELF that a wrapper script runs (`<name>.real` beside it). */
  | {
      readonly kind: "script";
      readonly interpreter: ByteString;
      readonly real: ByteString | undefined;
      readonly architecture: string | undefined;
    }
  | { readonly kind: "directory" }
  | { readonly kind: "other" };

/** One link, followed to its end. */
export interface LinkChain {
  readonly path: ByteString;
  readonly hops: readonly Hop[];
  /** Where and why it leads to nothing; undefined where it leads to something. */
  readonly stop: Stop | undefined;
  /** The path of its end, without links. */
  readonly target: ByteString;
  readonly end: ChainEnd;
  /** Where it was expected to end, if an expectation was given. */
  readonly expected: ByteString | undefined;
  readonly ok: boolean;
}

/** The answer for one root filesystem. */
export interface LinkReport {
  /** The name of the root filesystem. */
  readonly name: string;
  /** The architecture that was checked for; undefined when none was given and no executable was found. */
  readonly architecture: string | undefined;
  /** How many chains were checked. If it is 0, nothing was found out, which callers must report as a failure. */
  readonly checked: number;
  /** Whether no finding is an error. Says nothing when `checked` is 0. */
  readonly ok: boolean;
  readonly chains: readonly LinkChain[];
  readonly findings: readonly LinkFinding[];
}

/**
 * The verdict of several reports. One report with errors makes it "wrong". Otherwise one that found nothing
 * to check makes it undecided, which is a failure, and so does an empty list.
 */
export function judgeReports(
  reports: readonly LinkReport[],
): "holds" | "wrong" | "nothing-to-check" {
  if (reports.some(({ ok }) => !ok)) return "wrong";
  const isOpen = reports.length === 0 || reports.some(({ checked }) => checked === 0);
  return isOpen ? "nothing-to-check" : "holds";
}
