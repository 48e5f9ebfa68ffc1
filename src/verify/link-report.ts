// SPDX-License-Identifier: MIT
import type { ByteString } from "../bytes/byte-string.ts";
import type { Hop } from "../rootfs/resolve.ts";

/** What can be wrong with a link or with what it leads to. */
export type LinkFindingCode =
  /** Nothing is at the path that was asked for. */
  | "missing"
  /** The link leads to a path that is not there. */
  | "dangling"
  /** More links than a kernel follows. */
  | "loop"
  /** It ends elsewhere than expected. */
  | "wrong-target"
  /** An executable, or what is said of the root, is of another architecture. */
  | "wrong-architecture"
  /** A file without any execute permission, or no file at all. */
  | "not-executable"
  /** Neither an ELF executable nor a script. */
  | "not-an-executable-format"
  /** The target is not in the root, but this machine has something at that path. */
  | "host-only"
  /** The distribution's compiler, where the root holds another one that should be used. */
  | "distro-fallback"
  /** What a script is run by is not in the root. */
  | "interpreter-missing"
  /** A relative target climbs above the root. */
  | "relative-escape";

export interface LinkFinding {
  readonly code: LinkFindingCode;
  /** An `error` makes the report fail; a `note` is legitimate, and worth knowing. */
  readonly severity: "error" | "note";
  /** Where the chain began. */
  readonly path: ByteString;
  /** One sentence for people: what, expected, got; names escaped. */
  readonly message: string;
}

/** What a chain ends at. */
export type ChainEnd =
  | { readonly kind: "nothing" }
  /** `architecture` is undefined when the machine is not a known one. */
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

/** One link, all the way to its end. */
export interface LinkChain {
  readonly path: ByteString;
  readonly hops: readonly Hop[];
  /** Where it ends: without any link. */
  readonly target: ByteString;
  readonly end: ChainEnd;
  /** What was expected of it, where something was. */
  readonly expected: ByteString | undefined;
  readonly ok: boolean;
}

/** The answer for one root filesystem. */
export interface LinkReport {
  /** The root's name. */
  readonly name: string;
  /** The architecture that was checked for; undefined when it is unknown and nothing showed it. */
  readonly architecture: string | undefined;
  /** Chains checked. Nothing checked is a failure, which the caller reports: nothing was found out. */
  readonly checked: number;
  /** Whether no finding is an error. Says nothing when `checked` is 0. */
  readonly ok: boolean;
  readonly chains: readonly LinkChain[];
  readonly findings: readonly LinkFinding[];
}
