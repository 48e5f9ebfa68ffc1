// SPDX-License-Identifier: MIT
import type { ByteString } from "../bytes/byte-string.ts";
import { fromText, toText } from "../bytes/byte-string.ts";
import { report, trace, type Inspection } from "./root-inspection.ts";

type Family = "gcc" | "clang";

const DISTRIBUTION: Readonly<Record<Family, RegExp>> = {
  gcc: /^\/usr\/bin\/(?:[a-z0-9_]+-)*(?:gcc|g\+\+|cpp)-\d+(?:\.\d+)*$/,
  clang: /^\/usr\/(?:local|lib)\/llvm-\d+(?:\.\d+)*\//,
};
const LLVM_TARGETS = ["/usr/local/llvm-target", "/opt/llvm-target"].map(fromText);
const OPT = fromText("/opt");
const GCC_PREFIX = /^gcc-\d/;

/**
 * Reports a compiler of the distribution if the root has a toolchain of its own (`/opt/gcc-<version>`,
 * `/usr/local/llvm-target`). If not, the distribution's compiler is the right one.
 */
export function checkDistribution(
  inspection: Inspection,
  chain: ByteString,
  end: ByteString,
): void {
  const family = familyOf(end);
  const preferred = family && findToolchain(inspection, family);
  if (preferred === undefined) return;
  const message = `ends at the distribution's ${toText(end)}, expected an end in ${toText(preferred)}`;
  report(inspection, "distro-fallback", chain, message);
}

function familyOf(end: ByteString): Family | undefined {
  if (DISTRIBUTION.gcc.test(end)) return "gcc";
  return DISTRIBUTION.clang.test(end) ? "clang" : undefined;
}

function findToolchain(inspection: Inspection, family: Family): ByteString | undefined {
  const candidates = family === "clang" ? LLVM_TARGETS : listGccPrefixes(inspection);
  return candidates.find((path) => trace(inspection, path).node?.type === "directory");
}

function listGccPrefixes(inspection: Inspection): readonly ByteString[] {
  const { node, path } = trace(inspection, OPT);
  if (node?.type !== "directory") return [];
  const names = inspection.root.list(path).filter((name) => GCC_PREFIX.test(name));
  return names.map((name) => `${path}/${name}` as ByteString);
}
