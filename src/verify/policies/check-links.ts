// SPDX-License-Identifier: MIT
import { existsSync } from "node:fs";
import { fromText, toBytes, toText, type ByteString } from "../../bytes/byte-string.ts";
import { tracePath, type Resolution } from "../../rootfs/resolve-path.ts";
import { explainStop, follow, type Examination } from "../image/examination.ts";
import type { PolicyFindingCode } from "../policy-report.ts";
import type { LinksPolicy } from "./policy.ts";
import type { BeginCheck, Reporter } from "./policy-check.ts";

type Link = LinksPolicy["links"][number];

/** Follows every link to its end inside the root, and compares the end and the way with what is expected. */
export const beginLinks: BeginCheck<LinksPolicy> = ({ links }, _, reporter) => ({
  finish(examination) {
    for (const link of links) checkLink(examination, link, reporter);
  },
});

function checkLink(examination: Examination, link: Link, reporter: Reporter): void {
  const path = fromText(link.path);
  const found = follow(examination, path);
  const wanted = `; expected ${toText(fromText(link.target))}`;
  if (found.node === undefined) {
    const { code, why } = explainLost(examination, path, found);
    reporter.tell(code, path, `${why}${wanted}`);
    return;
  }
  if (!endsAt(examination, found, fromText(link.target))) {
    const message = `ends at ${toText(found.path)}${wanted}`;
    reporter.tell("link-wrong-end", path, message);
    return;
  }
  const missed = firstMissed(link.through ?? [], path, found);
  if (missed === undefined) return;
  const way = found.hops.map(({ target }) => toText(target)).join(" -> ");
  const message = `expected a way over ${toText(missed)}, got ${way === "" ? "no link" : way}`;
  reporter.tell("link-wrong-way", path, message);
}

function explainLost(
  { root, limits }: Examination,
  path: ByteString,
  found: Resolution,
): { readonly code: PolicyFindingCode; readonly why: string } {
  const why = explainStop(found);
  if (found.stop?.why === "link-loop") return { code: "link-loop", why };
  const own = tracePath(root, path, { followLast: false, limits });
  if (own.node === undefined) return { code: "link-missing", why };
  const host = [found.path, ...found.hops.map(({ target }) => target)].find(
    (target) =>
      target.startsWith("/") &&
      tracePath(root, target, { followLast: false, limits }).node === undefined &&
      existsSync(Buffer.from(toBytes(target))),
  );
  if (host === undefined) return { code: "link-dangling", why };
  return { code: "link-host-only", why: `${why}, only this machine has it` };
}

function endsAt(examination: Examination, found: Resolution, target: ByteString): boolean {
  const wanted = follow(examination, target);
  if (wanted.node === undefined) return false;
  if (wanted.path === found.path) return true;
  if (wanted.node === found.node && found.node.type === "file") return true;
  return follow(examination, `${found.path}.real` as ByteString).path === wanted.path;
}

/** The first path that the chain does not lead over, in their order. */
function firstMissed(
  through: readonly string[],
  path: ByteString,
  { hops, path: end }: Resolution,
): ByteString | undefined {
  const way = [path, ...hops.map((hop) => hop.path), end];
  let at = 0;
  for (const text of through) {
    const wanted = fromText(text);
    const found = way.indexOf(wanted, at);
    if (found < 0) return wanted;
    at = found + 1;
  }
  return undefined;
}
