// SPDX-License-Identifier: MIT
import type { ContentFinding } from "../store/verify-content.ts";
import type { ImageFindingCode } from "../verify/image/image-report.ts";

/** Every code that a report can have. */
export type RuleCode = ImageFindingCode | ContentFinding["code"];

/** What holds where a code is not reported, as one sentence for people. */
export const IMAGE_RULES: Readonly<Record<ImageFindingCode, string>> = Object.freeze({
  "invalid-image": "The documents and layers of the image are what they should be.",
  "wrong-platform": "The index and the configuration name the same platform.",
  "wrong-history": "The history speaks of as many layers as there are.",
  "command-missing": "The entrypoint, command and health check are in the image.",
  "command-not-executable": "What is started can be executed by the image's user.",
  "user-missing": "The user is in /etc/passwd.",
  "group-missing": "The group is in /etc/group.",
  "wrong-working-directory": "The working directory is a directory, or absent.",
  "search-path-missing": "Every directory of the PATH is there.",
  "loader-missing": "The loader of every program is in the image.",
  "loader-wrong-machine": "The loader of every program is for the program's machine.",
  "library-missing": "Every library is found where the image's own loader looks.",
  "version-missing": "Every library has the symbol versions that are asked of it.",
  "damaged-object": "Every program is a valid ELF object.",
  "interpreter-missing": "What runs each script is in the image and executable.",
  "wrong-architecture": "Every program and library is for the image's machine.",
});

/** As {@link IMAGE_RULES}, of content in its store. */
export const CONTENT_RULES: Readonly<Record<ContentFinding["code"], string>> = Object.freeze({
  missing: "All content that is named is there.",
  damaged: "All content has its digest and size.",
  invalid: "Every manifest and index is one.",
  unreadable: "All content can be read.",
});

/** A code that is known to {@link RULES} has its sentence, any other its own words. */
export function describeRule(code: string): string {
  return RULES.get(code) ?? `${code.replaceAll("-", " ")}.`;
}

const RULES: ReadonlyMap<string, string> = new Map([
  ...Object.entries(IMAGE_RULES),
  ...Object.entries(CONTENT_RULES),
]);
