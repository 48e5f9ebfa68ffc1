// SPDX-License-Identifier: MIT
import type { CurrentInput } from "../../assemble/inputs/current-inputs.ts";
import { escapeText } from "../../bytes/byte-string.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ExecutionConfig } from "../../oci/documents/image-config.ts";
import { type Platform, formatPlatform } from "../../oci/platform.ts";
import type { ImageFinding } from "../../verify/image/image-report.ts";
import type { Origin } from "../records/origin.ts";
import type { Published } from "../published-index.ts";

/** The platform of a child according to its directory, its tag, or the index that it came from. */
export interface PlatformClaim {
  readonly by: "directory" | "tag" | "index";
  readonly platform: Platform;
}

/** What the gates need to know about one image of the index. */
export interface ChildFacts {
  /** Where it came from, for messages. */
  readonly name: string;
  readonly digest: Digest;
  /** The platform of its configuration. The index will have this one, whatever the claims. */
  readonly platform: Platform;
  readonly claims: readonly PlatformClaim[];
  readonly origin: Origin;
  /** How its containers run. */
  readonly config: ExecutionConfig;
  /** What the configured inputs of this architecture are now; undefined when no recipe says which. */
  readonly inputsNow: readonly CurrentInput[] | undefined;
}

/** What the gates need to know about a push. */
export interface PushFacts {
  readonly children: readonly ChildFacts[];
  /** The architectures that must be there (`riscv64`, `linux/arm/v7`); undefined when none are configured. */
  readonly architectures: readonly string[] | undefined;
  readonly published: Published;
}

/** One reason not to push. `message` is one line that names the image or platform concerned. */
export type GateFinding = { readonly message: string } & (
  | { readonly gate: "missing-architecture"; readonly architecture: string }
  | {
      readonly gate: "dropped-platform";
      readonly platform: string;
      /** The published image that would be lost. */
      readonly digest: Digest;
    }
  | { readonly gate: "published-unreadable" }
  | {
      readonly gate: "duplicate-platform";
      readonly platform: string;
      readonly children: readonly string[];
    }
  | {
      readonly gate: "wrong-platform";
      readonly child: string;
      readonly claimed: string;
      readonly configured: string;
    }
  | { readonly gate: "mixed-generations"; readonly generations: readonly Generation[] }
  | { readonly gate: "mixed-parents"; readonly parents: readonly MixedParent[] }
  | { readonly gate: "unreadable-generation"; readonly child: string }
  | { readonly gate: "differing-configuration"; readonly children: readonly string[] }
  | {
      readonly gate: "older-than-published";
      readonly child: string;
      /** What the tag names for this platform. */
      readonly published: Digest;
    }
  | { readonly gate: "stale-input"; readonly child: string; readonly input: string }
  | { readonly gate: "unreadable-input"; readonly child: string; readonly input: string }
  /** It would not start, or breaks a policy of the configuration: what `verify` says of it. */
  | { readonly gate: "verify"; readonly child: string; readonly finding: ImageFinding }
  /** Of a check that the caller added: `policy` is its name. */
  | { readonly gate: "content-policy"; readonly policy: string; readonly child: string }
);

/** The name of a gate, as `--force` takes it. */
export type GateName = GateFinding["gate"];

/** The children that one run made. `runId` is undefined for those that record no run. */
export interface Generation {
  readonly runId: string | undefined;
  readonly children: readonly string[];
}

/** The children whose parents were of one stage. `stage` is undefined for those that record none. */
export interface MixedParent {
  readonly stage: string | undefined;
  readonly children: readonly string[];
}

/** The name of a child for a message, escaped. */
export function nameOf(child: ChildFacts): string {
  return escapeText(child.name);
}

/** The text for a message, escaped, since a configuration may hold any text. */
export function writePlatform(platform: Platform): string {
  return escapeText(formatPlatform(platform));
}

/** Why something failed, for a message, escaped. */
export function reasonOf(error: unknown): string {
  return escapeText(error instanceof Error ? error.message : String(error));
}
