// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Finding } from "../../oci/finding.ts";
import type { Platform } from "../../oci/platform.ts";
import type { VerifiedContent } from "../../store/verify-content.ts";
import type { ClosureFindingCode } from "../closure/closure-report.ts";
import type { PolicyFindingCode, PolicyKind } from "../policy-report.ts";

/** What keeps an image from starting, or contradicts itself. */
export type ImageFindingCode =
  | Exclude<ClosureFindingCode, "not-an-object">
  /** The image can't be opened: a document or a layer is not what it should be. */
  | "invalid-image"
  /** The index and the configuration name different platforms, or the configuration names none. */
  | "wrong-platform"
  /** A table of contents (zstd:chunked, eStargz) says other than the layer that it describes. */
  | "wrong-table"
  /** The history speaks of another number of layers than there are. */
  | "wrong-history"
  /** A file is for another machine than the image. */
  | "wrong-architecture"
  /** What runs a script is not in the image. */
  | "interpreter-missing"
  /** The entrypoint, command or health check names something that is not there. */
  | "command-missing"
  /** It is there and can't be executed: no permission, a directory, no format that Linux runs. */
  | "command-not-executable"
  /** The user is not in `/etc/passwd`. */
  | "user-missing"
  /** The group is not in `/etc/group`. */
  | "group-missing"
  /** The working directory is something else than a directory. */
  | "wrong-working-directory"
  /** A directory of the PATH is not there. */
  | "search-path-missing";

/** Of the checks that need no policy, or of a policy: then it names the policy. */
export interface ImageFinding extends Finding<ImageFindingCode | PolicyFindingCode> {
  /** What an object needs and does not get: a library's name, a loader's path, a version as `GLIBC_2.38`. */
  readonly needs?: ByteString | undefined;
  /** Of a policy, what it is about where that is no path: a variable, a label, a setting, a pattern. */
  readonly about?: string | undefined;
}

/** How much was looked at. */
export interface ImageCounts {
  readonly layers: number;
  /** Names in the merged filesystem. */
  readonly paths: number;
  /** ELF objects whose machine was compared. */
  readonly objects: number;
  /** Programs whose loader and libraries were followed. */
  readonly programs: number;
  readonly scripts: number;
  /** Commands of the configuration: the entrypoint or command, and the health check. */
  readonly commands: number;
}

/** How much was looked at, each with its noun in the singular. Of a directory, which has none, no layers. */
export function listCounts(counts: ImageCounts): readonly (readonly [number, string])[] {
  const { layers, paths, objects, programs, scripts, commands } = counts;
  return [
    ...(layers === 0 ? [] : [[layers, "layer"] as const]),
    [paths, "path"],
    [objects, "ELF object"],
    [programs, "program"],
    [scripts, "script"],
    [commands, "command"],
  ];
}

/** The answer for one image. */
export interface ImageReport {
  readonly name: string;
  /** Undefined for a plain directory. */
  readonly digest: Digest | undefined;
  readonly platform: Platform | undefined;
  /** Undefined when the image could not be opened. */
  readonly checked: ImageCounts | undefined;
  /** Errors first. */
  readonly findings: readonly ImageFinding[];
  /** Whether no finding is an error. */
  readonly ok: boolean;
  /** The policies that were asked, those that held among them; undefined where none were. */
  readonly policies?: readonly AskedPolicy[] | undefined;
}

/** A policy that an image was held to. */
export interface AskedPolicy {
  readonly name: string;
  readonly kind: PolicyKind;
}

/** The answer for all that a reference names. */
export interface ImagesReport {
  /** The store's name. */
  readonly name: string;
  /** Undefined for a plain directory, whose bytes have no digests. */
  readonly content: VerifiedContent | undefined;
  readonly images: readonly ImageReport[];
  /** `unknown` when something could not be read, and nothing that could be is wrong. */
  readonly verdict: "holds" | "wrong" | "unknown";
}

/** Errors before notes, otherwise in their order. */
export function errorsFirst(findings: readonly ImageFinding[]): readonly ImageFinding[] {
  const errors = findings.filter(isError);
  return [...errors, ...findings.filter((finding) => !isError(finding))];
}

export function isError({ severity }: ImageFinding): boolean {
  return severity === "error";
}
