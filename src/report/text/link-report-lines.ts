// SPDX-License-Identifier: MIT
import { escapeText, toText, type ByteString } from "../../bytes/byte-string.ts";
import { tellHops, type ToldHop } from "../look/told-hops.ts";
import type { ChainEnd, LinkChain, LinkReport } from "../../verify/link-report.ts";

/** The links of one root filesystem, for people: every chain with ✓ or ✗, then the errors and the notes. */
export function linkReportLines(report: LinkReport): readonly string[] {
  const { name, architecture, chains, findings } = report;
  const errors = findings.filter(({ severity }) => severity === "error");
  const notes = findings.filter(({ severity }) => severity === "note");
  return [
    `${escapeText(name)} (${escapeText(architecture ?? "architecture unknown")})`,
    ...chains.map((chain) => `  ${formatChain(chain)}`),
    ...errors.map(({ code, message }) => `  ✗ ${code}: ${message}`),
    ...notes.map(({ code, message }) => `  note: ${code}: ${message}`),
    `  ${summarise(report, errors.length)}`,
    "",
  ];
}

function summarise({ checked }: LinkReport, errors: number): string {
  if (checked === 0) return "nothing to check: no compiler on the PATH and no expected link";
  const links = `${checked} link${checked === 1 ? "" : "s"} checked`;
  return errors === 0
    ? `${links}, all hold`
    : `${links}, ${errors} problem${errors === 1 ? "" : "s"}`;
}

/** `✓ /usr/bin/cc -> /etc/alternatives/cc -> /opt/gcc-14/bin/gcc [ELF riscv64]` */
function formatChain(chain: LinkChain): string {
  const { path, hops, target, end, ok } = chain;
  const sign = ok ? "✓" : "✗";
  const told = tellHops(chain);
  let text = toText(path);
  let reached = path;
  for (const hop of told.hops) {
    // A parent directory is a link, so the next hop starts from another path than the last target.
    if (hop.path !== reached) text += `; ${toText(hop.path)}`;
    text += ` -> ${toText(hop.target)}`;
    reached = appendTarget(hop);
  }
  if (told.isEndless) return `${sign} ${text} -> … [links without end]`;
  if (told.isCut) text += " -> …";
  if (target !== reached || !hops.at(-1)?.target.startsWith("/")) {
    text += hops.length === 0 ? "" : ` = ${toText(target)}`;
  }
  return `${sign} ${text} [${formatEnd(end)}]`;
}

function appendTarget({ path, target }: ToldHop): ByteString {
  if (target.startsWith("/")) return target;
  return `${path.slice(0, path.lastIndexOf("/"))}/${target}` as ByteString;
}

/** What is at the end of a chain, as `ELF riscv64`. Names are escaped. */
export function formatEnd(end: ChainEnd): string {
  switch (end.kind) {
    case "nothing":
      return "nothing there";
    case "directory":
      return "directory";
    case "other":
      return "file";
    case "elf":
      return `ELF ${end.architecture ?? "of an unknown machine"}`;
    case "script": {
      const script = `script for ${toText(end.interpreter)}`;
      if (end.real === undefined) return script;
      return `${script}, wraps ${toText(end.real)}: ELF ${end.architecture ?? "expected"}`;
    }
  }
}
