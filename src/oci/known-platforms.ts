// SPDX-License-Identifier: MIT
import { OciError } from "./errors.ts";
import { nearestWord } from "./near-miss.ts";
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
  const system = nearestWord(os, KNOWN_SYSTEMS);
  const machine = nearestWord(architecture, KNOWN_ARCHITECTURES);
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
