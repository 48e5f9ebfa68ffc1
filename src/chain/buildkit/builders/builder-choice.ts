// SPDX-License-Identifier: MIT
import { OciError } from "../../../oci/errors.ts";
import {
  formatPlatform,
  normalisePlatform,
  parsePlatform,
  type Platform,
} from "../../../oci/platform.ts";
import { quote } from "../../../oci/quote.ts";

/** Which builder builds which platform. */
export interface BuilderChoice {
  /** By platform, in its one spelling. */
  readonly platforms: ReadonlyMap<string, string>;
  /** For every other platform; undefined: the first that is found. */
  readonly others: string | undefined;
}

/**
 * Reads builders as they are named by flags: `NAME` for every platform, `PLATFORM=NAME` for one. An address such as
 * `tcp://host:1234` is a name too.
 * @throws OciError `invalid-platform`, `invalid-argument` for two builders of the same platform
 */
export function parseBuilderChoice(words: readonly string[]): BuilderChoice {
  const platforms = new Map<string, string>();
  let others: string | undefined;
  for (const word of words) {
    const [, platform, name = word] = /^([^=:]{1,200})=(.+)$/.exec(word) ?? [];
    if (name === "")
      throw new OciError("invalid-argument", "builder: expected a name, got nothing");
    const key = platform === undefined ? undefined : formatPlatform(parsePlatform(platform));
    const before = key === undefined ? others : platforms.get(key);
    if (before !== undefined) throw twoBuilders(key, before, name);
    if (key === undefined) others = name;
    else platforms.set(key, name);
  }
  return { platforms, others };
}

/** The name of the builder for a platform; undefined: the first that is found. */
export function chooseBuilder(choice: BuilderChoice, platform: Platform): string | undefined {
  return choice.platforms.get(formatPlatform(normalisePlatform(platform))) ?? choice.others;
}

function twoBuilders(platform: string | undefined, first: string, second: string): OciError {
  return new OciError(
    "invalid-argument",
    `builder for ${platform ?? "all platforms"}: expected one, got ${quote(first)} and ${quote(second)}`,
    { hint: "Name the builder of one platform as PLATFORM=NAME." },
  );
}
