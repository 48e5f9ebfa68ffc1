// SPDX-License-Identifier: MIT
import { OciError } from "./errors.ts";
import { formatPlatform, parsePlatform, type Platform } from "./platform.ts";
import { quote } from "./quote.ts";

/** The architectures of Go's GOARCH, to which the image-spec refers. An image may name others. */
export const KNOWN_ARCHITECTURES: readonly string[] = [
  "386",
  "amd64",
  "arm",
  "arm64",
  "loong64",
  "mips",
  "mips64",
  "mips64le",
  "mipsle",
  "ppc64",
  "ppc64le",
  "riscv64",
  "s390x",
  "wasm",
];

/** The operating systems of Go's GOOS. An image may name others. */
const KNOWN_SYSTEMS: readonly string[] = [
  "aix",
  "android",
  "darwin",
  "dragonfly",
  "freebsd",
  "illumos",
  "ios",
  "js",
  "linux",
  "netbsd",
  "openbsd",
  "plan9",
  "solaris",
  "wasip1",
  "windows",
];

const MOST_SLIPS = 2;

/**
 * Parses a platform that a person typed, as `parsePlatform` does. Words that nobody can mean are refused:
 * `amd64/linux`, whose parts changed places, and `linux-amd64`, which would be an architecture of that name.
 * @param doubt told about a part that is no known system or architecture, with the nearest known one. The
 *   specification allows such values, so it is no error
 * @throws OciError `invalid-platform`
 */
export function parseTypedPlatform(text: string, doubt: (message: string) => void): Platform {
  refuseSeveral(text);
  const platform = parsePlatform(text);
  const { os, architecture } = platform;
  const meant = swapped(platform) ?? joined(text, architecture) ?? withoutSystem(platform);
  if (meant !== undefined) {
    throw new OciError(
      "invalid-platform",
      `platform: expected os/architecture, got ${quote(text)}`,
      { details: { got: text.slice(0, 255) }, hint: `Did you mean ${meant}?` },
    );
  }
  const system = nearest(os, KNOWN_SYSTEMS);
  const machine = nearest(architecture, KNOWN_ARCHITECTURES);
  if (os === system && architecture === machine) return platform;
  const suggested = { ...platform, os: system ?? os, architecture: machine ?? architecture };
  const suggestion = formatPlatform(suggested);
  const part = os === system ? `architecture ${quote(architecture)}` : `system ${quote(os)}`;
  const hint = suggestion === formatPlatform(platform) ? "" : `; did you mean ${suggestion}?`;
  doubt(`platform ${quote(text)}: the ${part} is no known one${hint}`);
  return platform;
}

/** Refuses what other tools take for more than one platform. */
function refuseSeveral(text: string): void {
  const parts = text.split(",");
  if (text !== "all" && parts.length === 1) return;
  const each = parts.map((part) => `--platform ${part.trim()}`).join(" ");
  throw new OciError("invalid-platform", `platform: expected one platform, got ${quote(text)}`, {
    details: { got: text.slice(0, 255) },
    hint:
      text === "all"
        ? "An index is taken with all its platforms where --platform is not given."
        : `Where a command takes more than one, each has its flag: ${each}`,
  });
}

/** `linux/arm64/v8` for `arm64/v8`. */
function withoutSystem({ os, architecture, variant }: Platform): string | undefined {
  if (variant !== undefined || !/^v\d{1,2}$/.test(architecture)) return undefined;
  const machine = parsePlatform(`linux/${os}`).architecture;
  return KNOWN_ARCHITECTURES.includes(machine) ? `linux/${os}/${architecture}` : undefined;
}

function swapped({ os, architecture }: Platform): string | undefined {
  const [system, machine] = [architecture, parsePlatform(`linux/${os}`).architecture];
  if (!KNOWN_SYSTEMS.includes(system) || !KNOWN_ARCHITECTURES.includes(machine)) return undefined;
  return formatPlatform(parsePlatform(`${system}/${machine}`));
}

/** `linux/arm/v7` for `linux-arm-v7` and `linux_arm_v7`. */
function joined(text: string, architecture: string): string | undefined {
  if (text.includes("/")) return undefined;
  const [system = "", machine = "", variant] = architecture.split(/[-_]/);
  if (!KNOWN_SYSTEMS.includes(system) || machine === "") return undefined;
  return formatPlatform(parsePlatform([system, machine, variant].filter(Boolean).join("/")));
}

/** The word itself if it is known, else the known one that it is fewest slips away from; undefined when all are far. */
function nearest(word: string, known: readonly string[]): string | undefined {
  const distances = known.map((each) => ({ each, slips: slipsBetween(word, each) }));
  const [best] = distances.sort((a, b) => a.slips - b.slips);
  return best !== undefined && best.slips <= Math.min(MOST_SLIPS, Math.ceil(word.length / 3))
    ? best.each
    : undefined;
}

/** How many letters were added, left out, mistaken or exchanged with their neighbour (Damerau and Levenshtein). */
function slipsBetween(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const above = rows[i - 1]!;
      const isSame = a[i - 1] === b[j - 1];
      const slips = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (isSame ? 0 : 1));
      const isExchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(isExchanged ? Math.min(slips, rows[i - 2]![j - 2]! + 1) : slips);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
