// SPDX-License-Identifier: MIT
import { OciError } from "./errors.ts";
import { quote } from "./quote.ts";

/** The platform of an image (image-spec, image-index.md, "platform") under its own JSON keys. */
export interface Platform {
  readonly architecture: string;
  readonly os: string;
  readonly "os.version"?: string | undefined;
  readonly "os.features"?: readonly string[] | undefined;
  readonly variant?: string | undefined;
}

const WORD = "[A-Za-z0-9][A-Za-z0-9_.-]{0,63}";
// os[(version[+feature]…)]/architecture[/variant]
const FORM = new RegExp(
  `^(${WORD})(?:\\(((?:${WORD})?)((?:\\+${WORD}){0,16})\\))?/(${WORD})(?:/(${WORD}))?$`,
);
const LONE_WORD = new RegExp(`^${WORD}$`);
const OPERATING_SYSTEMS: readonly string[] = ["linux", "windows", "darwin", "macos", "freebsd"];

const ALIASES: ReadonlyMap<string, { readonly architecture: string; readonly variant?: string }> =
  new Map([
    ["x86_64", { architecture: "amd64" }],
    ["x86-64", { architecture: "amd64" }],
    ["aarch64", { architecture: "arm64" }],
    ["i386", { architecture: "386" }],
    ["armhf", { architecture: "arm", variant: "v7" }],
    ["armel", { architecture: "arm", variant: "v6" }],
  ]);

/**
 * Parses `os/architecture[/variant]`, or an architecture alone, which means Linux; the operating
 * system's version and features follow it in parentheses, as in `windows(10.0.17763+win32k)/amd64`.
 * The result is normalised ({@link normalisePlatform}).
 * @throws OciError `invalid-platform`
 */
export function parsePlatform(text: string): Platform {
  if (LONE_WORD.test(text) && !OPERATING_SYSTEMS.includes(text.toLowerCase())) {
    return normalisePlatform({ os: "linux", architecture: text });
  }
  const [, os, version, features, architecture, variant] = FORM.exec(text) ?? [];
  if (os === undefined || architecture === undefined) {
    throw new OciError(
      "invalid-platform",
      `platform: expected os/architecture or os/architecture/variant, got ${quote(text)}`,
      { details: { got: text.slice(0, 255) }, hint: "For example linux/riscv64 or linux/arm/v7." },
    );
  }
  return normalisePlatform({
    os,
    architecture,
    variant,
    "os.version": version,
    "os.features": features?.split("+").slice(1),
  });
}

/**
 * The platform as text, which {@link parsePlatform} reads back as the normalised platform. A platform from a
 * foreign document may hold any text: escape it before it goes to a terminal.
 */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = platform;
  const features = (platform["os.features"] ?? []).map((feature) => `+${feature}`).join("");
  const system = (platform["os.version"] ?? "") + features;
  return `${os}${system && `(${system})`}/${architecture}${variant ? `/${variant}` : ""}`;
}

/**
 * The one spelling of a platform: lower case, `amd64` for `x86_64`, `arm64` for `aarch64`. An architecture's
 * default variant is left out (arm64's v8, amd64's v1); only 32-bit arm always has its variant (v7 by
 * default). Features are sorted, and empty fields are absent. Only the keys of a platform are kept, so an
 * image's configuration can be passed too. Idempotent.
 */
export function normalisePlatform(platform: Platform): Platform {
  const named = platform.architecture.toLowerCase();
  const alias = ALIASES.get(named);
  const architecture = alias?.architecture ?? named;
  const written = (platform.variant ?? "").toLowerCase();
  const variant = normaliseVariant(architecture, written || (alias?.variant ?? ""));
  const os = platform.os.toLowerCase();
  const version = platform["os.version"];
  const features = platform["os.features"] ?? [];
  return {
    architecture,
    os: os === "macos" ? "darwin" : os,
    ...(version ? { "os.version": version } : undefined),
    ...(features.length > 0 ? { "os.features": [...features].sort() } : undefined),
    ...(variant ? { variant } : undefined),
  };
}

function normaliseVariant(architecture: string, variant: string): string {
  switch (architecture) {
    case "arm64":
      return variant === "v8" || variant === "8" ? "" : variant;
    case "amd64":
      return variant === "v1" ? "" : variant;
    case "arm":
      if (variant === "") return "v7";
      return /^[5-8]$/.test(variant) ? `v${variant}` : variant;
    default:
      return variant;
  }
}

/**
 * Whether an image of the platform `candidate` fits `wanted`: both normalised, they have the same system,
 * architecture and variant. Version and features count only if `wanted` names them. Its version is a prefix
 * by whole numbers (10.0.17763 fits 10.0.17763.1879), and each of its features must be there.
 */
export function platformMatches(wanted: Platform, candidate: Platform): boolean {
  const want = normalisePlatform(wanted);
  const have = normalisePlatform(candidate);
  const version = want["os.version"];
  return (
    want.os === have.os &&
    want.architecture === have.architecture &&
    want.variant === have.variant &&
    (version === undefined || `${have["os.version"] ?? ""}.`.startsWith(`${version}.`)) &&
    (want["os.features"] ?? []).every((feature) => have["os.features"]?.includes(feature))
  );
}

/** Whether it is `unknown/unknown`, the platform that BuildKit gives to attestations, which can't be run. */
export function isUnknownPlatform(platform: Platform | undefined): boolean {
  return platform?.os === "unknown" && platform.architecture === "unknown";
}
