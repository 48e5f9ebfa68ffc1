// SPDX-License-Identifier: MIT
import { fromText, toText, type ByteString } from "../bytes/byte-string.ts";
import { OciError } from "../oci/errors.ts";
import type { Limits } from "../oci/limits.ts";
import { parsePlatform } from "../oci/platform.ts";
import { quote } from "../oci/quote.ts";
import { isElfArchitecture } from "../elf/elf-header.ts";
import { tracePath, type Resolution } from "../rootfs/resolve-path.ts";
import type { Node, RootFilesystem } from "../rootfs/root-filesystem.ts";
import { checkAlternatives } from "./check-alternatives.ts";
import { checkDistribution } from "./check-distribution.ts";
import { inspectExecutable, inspectObject } from "./inspect-executable.ts";
import { explainLost, report, trace, type Inspection } from "./root-inspection.ts";
import type { ChainEnd, LinkChain, LinkReport } from "./link-report.ts";
import { join, searchPath } from "./search-path.ts";

/** Where a path is expected to end. */
export interface LinkExpectation {
  /** An absolute path in the root. */
  readonly path: string;
  /**
   * An absolute path in the root. Both paths are resolved and must end at the same file. If the path ends at
   * a wrapper, the wrapper's `.real` is accepted too.
   */
  readonly target: string;
}

export interface VerifyLinksOptions {
  /** As in an image's configuration: `amd64`. If it is undefined, all compilers must have the same architecture. */
  readonly architecture?: string | undefined;
  /** The environment of the image's configuration. Only its `PATH` is used. */
  readonly environment?: readonly string[] | undefined;
  readonly expect?: readonly LinkExpectation[] | undefined;
  /** Whether this machine has a path. Without it, `host-only` links are reported as `dangling`. */
  readonly existsOnHost?: ((path: ByteString) => boolean) | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/** The names of commands that are compilers. */
export const COMPILERS: readonly string[] = ["cc", "c++", "gcc", "g++", "clang", "clang++"];

const EXECUTE = 0o111;

/**
 * Follows every compiler on the image's PATH ({@link COMPILERS}) and every expected link to its end inside
 * the root, and reports what is wrong with them. Also reports every alternative that leads nowhere.
 * @throws OciError what the root throws when it can't be read; `invalid-argument` for an expectation
 * that is not absolute; `unsupported-operation` for an architecture without a known ELF machine
 */
export function verifyLinks(root: RootFilesystem, options: VerifyLinksOptions = {}): LinkReport {
  const { expect = [], limits } = options;
  const inspection: Inspection = {
    root,
    search: searchPath(root, options.environment, limits),
    existsOnHost: options.existsOnHost ?? (() => false),
    limits,
    findings: [],
    architecture: wantedArchitecture(options.architecture),
  };
  const expected = expect.map((expectation) => expectationInRoot(inspection, expectation));
  const covered = new Set(expected.map(({ place }) => place));
  const chains = [
    ...findCompilers(inspection)
      .filter((path) => !covered.has(path))
      .map((path) => followChain(inspection, path, path, undefined)),
    ...expected.map(({ path, place, target }) => followChain(inspection, path, place, target)),
  ];
  checkAlternatives(
    inspection,
    new Set(chains.flatMap(({ hops }) => hops.map(({ path }) => path))),
  );
  return {
    name: root.name,
    architecture: inspection.architecture?.name,
    checked: chains.length,
    ok: inspection.findings.every(({ severity }) => severity === "note"),
    chains,
    findings: inspection.findings,
  };
}

function wantedArchitecture(architecture: string | undefined): Inspection["architecture"] {
  if (architecture === undefined) return undefined;
  const name = parsePlatform(architecture).architecture;
  if (isElfArchitecture(name)) return { name, from: undefined };
  throw new OciError(
    "unsupported-operation",
    `architecture ${quote(architecture)}: expected one whose ELF machine is known, as amd64, arm64 or riscv64`,
    { details: { architecture } },
  );
}

/** The compilers that are there, in the order of PATH. */
function findCompilers({ root, search }: Inspection): readonly ByteString[] {
  return search
    .flatMap((directory) => COMPILERS.map((name) => join(directory, fromText(name))))
    .filter((path) => root.lstat(path) !== undefined);
}

/** An expectation as bytes, with the real place of its path: `/bin/cc` may be `/usr/bin/cc`. */
function expectationInRoot(
  { root, limits }: Inspection,
  expectation: LinkExpectation,
): { readonly path: ByteString; readonly place: ByteString; readonly target: ByteString } {
  for (const text of [expectation.path, expectation.target]) {
    if (text.startsWith("/")) continue;
    throw new OciError(
      "invalid-argument",
      `expected an absolute path for a link, got ${quote(text)}`,
    );
  }
  const path = fromText(expectation.path);
  const place = tracePath(root, path, { followLast: false, limits }).path;
  return { path, place, target: fromText(expectation.target) };
}

function followChain(
  inspection: Inspection,
  path: ByteString,
  place: ByteString,
  expected: ByteString | undefined,
): LinkChain {
  const before = inspection.findings.length;
  const resolution = trace(inspection, path);
  noteEscapes(inspection, path, resolution);
  let end: ChainEnd = { kind: "nothing" };
  if (resolution.node === undefined) {
    const { code, message } = explainLost(inspection, path, resolution);
    const wanted = expected === undefined ? "" : `; expected ${toText(expected)}`;
    report(inspection, code, path, message + wanted);
  } else {
    end = inspectEnd(inspection, path, place, resolution.path, resolution.node);
    if (expected === undefined) checkDistribution(inspection, path, resolution.path);
    else checkTarget(inspection, path, expected, resolution);
  }
  const errors = inspection.findings.slice(before).filter(({ severity }) => severity === "error");
  const { hops, stop, path: target } = resolution;
  return { path, hops, stop, target, end, expected, ok: errors.length === 0 };
}

function noteEscapes(inspection: Inspection, path: ByteString, { hops }: Resolution): void {
  for (const hop of hops) {
    if (!hop.climbs) continue;
    const message = `the target ${toText(hop.target)} of ${toText(hop.path)} climbs above the root, where it stays inside`;
    report(inspection, "relative-escape", path, message, "note");
  }
}

/**
 * A compiler must be an executable. Another expected link may end at anything, but executables and ELF files
 * are checked for their architecture.
 */
function inspectEnd(
  inspection: Inspection,
  path: ByteString,
  place: ByteString,
  target: ByteString,
  node: Node,
): ChainEnd {
  const isCompiler = COMPILERS.includes(place.slice(place.lastIndexOf("/") + 1));
  if (isCompiler) return inspectExecutable(inspection, path, target, node);
  if (node.type === "directory") return { kind: "directory" };
  if (node.type !== "file" || node.head === undefined) return { kind: "other" };
  if ((node.mode & EXECUTE) !== 0) return inspectExecutable(inspection, path, target, node);
  return node.head.startsWith("#!")
    ? { kind: "other" }
    : inspectObject(inspection, path, target, node);
}

function checkTarget(
  inspection: Inspection,
  path: ByteString,
  expected: ByteString,
  { path: target, node }: Resolution,
): void {
  const wanted = trace(inspection, expected);
  if (wanted.node !== undefined) {
    if (wanted.path === target || (wanted.node === node && node.type === "file")) return;
    if (trace(inspection, `${target}.real` as ByteString).path === wanted.path) return;
  }
  const there = wanted.node === undefined ? ", which is not in the root" : "";
  const message = `ends at ${toText(target)}, expected ${toText(expected)}${there}`;
  report(inspection, "wrong-target", path, message);
}
