// SPDX-License-Identifier: MIT
import { escapeText, fromText, type ByteString } from "../../bytes/byte-string.ts";
import { isGlob } from "../../rootfs/glob.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import { explainStop, follow, type Examination } from "../image/examination.ts";
import { matcherOf } from "./path-pattern.ts";
import type { PresentPolicy } from "./policy.ts";
import type { BeginCheck, PolicyCheck, Reporter } from "./policy-check.ts";

type Wanted = PresentPolicy["paths"][number];

/** Looks for every path, and counts what matches every pattern. */
export const beginPresent: BeginCheck<PresentPolicy> = ({ paths }, { root }, reporter) => {
  const wanted = paths.map((one) =>
    isGlob(one.path)
      ? beginPattern(one, matcherOf(root, one.path), reporter)
      : beginPath(one, reporter),
  );
  const visiting = wanted.filter((one) => one.visit !== undefined);
  return {
    visit(path, node) {
      for (const one of visiting) one.visit!(path, node);
    },
    async finish(examination) {
      for (const one of wanted) await one.finish(examination);
    },
  };
};

function beginPath(wanted: Wanted, reporter: Reporter): PolicyCheck {
  const path = fromText(wanted.path);
  return {
    finish(examination) {
      const found = follow(examination, path);
      if (found.node === undefined) reporter.tell("path-missing", path, explainStop(found));
      else judge(examination, path, { place: found.path, node: found.node, wanted, reporter });
    },
  };
}

function beginPattern(
  wanted: Wanted,
  matches: (path: ByteString) => boolean,
  reporter: Reporter,
): PolicyCheck {
  const matched: ByteString[] = [];
  return {
    visit(path) {
      if (matches(path)) matched.push(path);
    },
    finish(examination) {
      let count = 0;
      for (const path of matched) {
        const { node, path: place } = follow(examination, path);
        if (node === undefined) continue;
        if (wanted.type !== undefined && node.type !== wanted.type) continue;
        count += 1;
        judge(examination, path, { place, node, wanted, reporter });
      }
      const { atLeast = 1 } = wanted;
      if (count >= atLeast) return;
      const pattern = escapeText(wanted.path);
      const message = `${pattern}: expected at least ${atLeast} there, got ${count === 0 ? "none" : count}`;
      reporter.tellOf("paths-too-few", wanted.path, message);
    },
  };
}

interface Found {
  readonly place: ByteString;
  readonly node: Node;
  readonly wanted: Wanted;
  readonly reporter: Reporter;
}

function judge(
  examination: Examination,
  path: ByteString,
  { place, node, wanted: { type, nonEmpty }, reporter }: Found,
): void {
  if (type !== undefined && node.type !== type) {
    reporter.tell("path-wrong-type", path, `expected a ${type}, got a ${node.type}`);
  } else if (nonEmpty === true && !hasContent(examination, place, node)) {
    const what =
      node.type === "directory" ? "a directory without a file that has content" : "an empty file";
    reporter.tell("path-empty", path, `expected something in it, got ${what}`);
  }
}

/** Whether a file has a byte, or a directory a file that has one. Stops at the first. */
function hasContent({ root }: Examination, place: ByteString, node: Node): boolean {
  const pending: [ByteString, Node][] = [[place, node]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [path, { type, size }] = next;
    if (type === "file" && size > 0) return true;
    if (type !== "directory") continue;
    for (const name of root.list(path)) {
      const child = `${path === "/" ? "" : path}/${name}` as ByteString;
      const found = root.lstat(child);
      if (found !== undefined) pending.push([child, found]);
    }
  }
  return false;
}
