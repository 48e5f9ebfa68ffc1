// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import type { DigestExplanation, ExplainedSide } from "../../rootfs/why/explain-references.ts";
import type { Reason, ReasonCase, ReasonCode } from "../../rootfs/why/reason.ts";
import type { Outcome } from "../command.ts";
import { DOES_NOT_HOLD, DONE } from "../exit-status.ts";
import { count } from "../../report/text/format.ts";

/** The result of `diff --why`. */
export function explanationOutcome({ one, other, reasons }: DigestExplanation): Outcome {
  const same = one.descriptor.digest === other.descriptor.digest;
  return {
    status: same ? DONE : DOES_NOT_HOLD,
    document: {
      same,
      one: sideDocument(one),
      other: sideDocument(other),
      reasons: reasons.map(reasonDocument),
    },
    lines: same
      ? [`${one.descriptor.digest}: the same`]
      : [
          `${one.descriptor.digest} and ${other.descriptor.digest} differ:`,
          ...reasons.flatMap(reasonLines),
        ],
  };
}

function sideDocument({ name, descriptor }: ExplainedSide): object {
  return { root: name, digest: descriptor.digest };
}

function reasonDocument({ cases, field, ...reason }: Reason): object {
  return {
    ...reason,
    ...(field !== undefined && { field }),
    cases: cases.map(({ path, one, other }) => ({
      ...(path !== undefined && { path: toText(path) }),
      ...(one !== undefined && { one }),
      ...(other !== undefined && { other }),
    })),
  };
}

function reasonLines({ where, code, field, count: found, cases, remedy }: Reason): string[] {
  const more = found - cases.length;
  return [
    `${where}: ${TITLES[code]}${field === undefined ? "" : `: ${field}`}`,
    ...cases.map(caseLine),
    ...(more > 0 ? [`  and ${count(more, "more case")}`] : []),
    `  = ${remedy}`,
  ];
}

function caseLine({ path, one, other }: ReasonCase): string {
  const values =
    one === undefined && other === undefined ? "" : `${one ?? "none"} -> ${other ?? "none"}`;
  return `  ${[path === undefined ? "" : toText(path), values].filter((part) => part !== "").join(": ")}`;
}

const TITLES: Readonly<Record<ReasonCode, string>> = {
  order: "entries in another order",
  time: "other times",
  owner: "other owners",
  "owner-name": "other names of owners",
  mode: "other modes",
  type: "other types",
  link: "links that lead elsewhere",
  device: "other device numbers",
  size: "other sizes",
  content: "other content",
  xattrs: "other extended attributes",
  "pax-record": "other PAX records",
  "only-in-one": "only in A",
  "only-in-other": "only in B",
  header: "another form of a tar header",
  padding: "other bytes between or behind the entries",
  compression: "compressed otherwise",
  "gzip-header": "another gzip header",
  "zstd-header": "another zstd header",
  compressor: "the same tar, compressed by another program, version or level",
  layers: "a layer that only one has",
  platforms: "other images",
  created: "created at another time",
  history: "another history",
  annotation: "another annotation",
  field: "another value",
  "key-order": "the same keys in another order",
  spelling: "the same value, spelled otherwise",
};
