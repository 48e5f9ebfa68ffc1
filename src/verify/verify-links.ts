// SPDX-License-Identifier: MIT
import { fromText, toText, type ByteString } from "../bytes/byte-string.ts";
import { OciError } from "../oci/errors.ts";
import type { Limits } from "../oci/limits.ts";
import { parsePlatform } from "../oci/platform.ts";
import { quote } from "../oci/quote.ts";
import { isElfArchitecture } from "../elf/elf-header.ts";
import { tracePath, type Resolution } from "../rootfs/resolve.ts";
import type { Node, RootFilesystem } from "../rootfs/root-filesystem.ts";
import { checkAlternatives } from "./alternatives.ts";
import { checkDistribution } from "./distribution.ts";
import { inspectExecutable, inspectObject } from "./inspect-executable.ts";
import { explainLost, report, trace, type Inspection } from "./inspection.ts";
import type { ChainEnd, LinkChain, LinkReport } from "./link-report.ts";
import { join, searchPath } from "./search-path.ts";

/** Where a path has to end. */
export interface LinkExpectation {
  /** Absolute, in the root. */
  readonly path: string;
  /**
   * Absolute, in the root. Both are resolved: the ends have to be the same file. The `.real` of the
   * wrapper that the path ends at counts as its end too.
   */
  readonly target: string;
}

export interface VerifyLinksOptions {
  /** As in an image's configuration: `amd64`. Unknown: all compilers have to be of one architecture. */
  readonly architecture?: string | undefined;
  /** The environment of the image's configuration; what counts is its `PATH`. */
  readonly environment?: readonly string[] | undefined;
  readonly expect?: readonly LinkExpectation[] | undefined;
  /** Asks the machine that this runs on; without it `host-only` is not told from `dangling`. */
  readonly existsOnHost?: ((path: ByteString) => boolean) | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/** The names that every compiler is called by. */
export const COMPILERS: readonly string[] = ["cc", "c++", "gcc", "g++", "clang", "clang++"];

const EXECUTE = 0o111;

/**
 * Follows every compiler on the image's PATH ({@link COMPILERS}) and every expected link to its end
 * inside the root, and says what is wrong on the way; every alternative that leads nowhere too.
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

/** Every compiler that is there under one of its names, in the order of PATH. */
function findCompilers({ root, search }: Inspection): readonly ByteString[] {
  return search
    .flatMap((directory) => COMPILERS.map((name) => join(directory, fromText(name))))
    .filter((path) => root.lstat(path) !== undefined);
}

/** An expectation in bytes, and where its path really is: `/bin/cc` may be `/usr/bin/cc`. */
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
  const { hops, path: target } = resolution;
  return { path, hops, target, end, expected, ok: errors.length === 0 };
}

function noteEscapes(inspection: Inspection, path: ByteString, { hops }: Resolution): void {
  for (const hop of hops) {
    if (!hop.climbs) continue;
    const message = `the target ${toText(hop.target)} of ${toText(hop.path)} climbs above the root, where it stays inside`;
    report(inspection, "relative-escape", path, message, "note");
  }
}

/** A compiler has to be an executable; of anything else that is expected, what can be run has to be of the architecture. */
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
