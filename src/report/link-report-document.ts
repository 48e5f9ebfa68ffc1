// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../bytes/byte-string.ts";
import type { ChainEnd, LinkReport } from "../verify/link-report.ts";

/** A report as `--json` prints it: names become text, with bytes that are not UTF-8 as `\xNN`. */
export function linkReportDocument(report: LinkReport): object {
  const { name, architecture, checked, ok, chains, findings } = report;
  return {
    name,
    architecture,
    checked,
    ok,
    chains: chains.map((chain) => ({
      path: toText(chain.path),
      hops: chain.hops.map((hop) => ({ path: toText(hop.path), target: toText(hop.target) })),
      target: toText(chain.target),
      end: endDocument(chain.end),
      expected: textOf(chain.expected),
      ok: chain.ok,
    })),
    findings: findings.map((finding) => ({ ...finding, path: toText(finding.path) })),
  };
}

function endDocument(end: ChainEnd): object {
  if (end.kind !== "script") return end;
  return { ...end, interpreter: toText(end.interpreter), real: textOf(end.real) };
}

function textOf(name: ByteString | undefined): string | undefined {
  return name === undefined ? undefined : toText(name);
}
