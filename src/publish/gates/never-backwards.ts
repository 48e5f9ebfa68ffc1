// SPDX-License-Identifier: MIT
import { escapeText } from "../../bytes/byte-string.ts";
import { isSamePlatform } from "../../image/find-image.ts";
import { type Digest, shortDigest } from "../../oci/digest.ts";
import { quote } from "../../oci/quote.ts";
import type { Origin } from "../records/origin.ts";
import type { Published, PublishedImage } from "../published-index.ts";
import { type ChildFacts, type GateFinding, nameOf, reasonOf } from "./gate.ts";

type Present = Extract<Published, { state: "present" }>;

/**
 * Never backwards: no image is older than the one that is published for its platform. What shows it: it was
 * published before and replaced; an input of it is older than that of the published image; its run is earlier, where
 * both run ids begin with a time; it was made earlier. Where nothing tells, it passes.
 */
export function findOlder(children: readonly ChildFacts[], published: Published): GateFinding[] {
  if (published.state !== "present") return [];
  return [...findUntold(published), ...children.flatMap((child) => judge(child, published))];
}

function findUntold({ history }: Present): GateFinding[] {
  return history.flatMap((earlier): GateFinding[] => {
    if (earlier.state !== "unreadable") return [];
    const message = `an index that was published before could not be read, so nobody knows whether this push goes back to it: ${reasonOf(earlier.error)}`;
    return [{ gate: "published-unreadable", message }];
  });
}

function judge(child: ChildFacts, { origins, history }: Present): GateFinding[] {
  const rivals = origins.filter(({ platform }) => isSamePlatform(platform, child.platform));
  // Of two images for one platform, which only force can publish, this may be either.
  if (rivals.length === 0 || rivals.some(({ digest }) => digest === child.digest)) return [];
  const rival = rivals[0]!;
  const was = history.find(
    (earlier) => earlier.state === "present" && earlier.images.includes(child.digest),
  );
  if (was !== undefined) {
    const how = `it was published in ${shortDigest(was.digest)} and has been replaced since`;
    return [older(child, rival, `${how}; manifest rollback goes back`)];
  }
  return compare(child, rival);
}

function compare(child: ChildFacts, rival: PublishedImage): GateFinding[] {
  const findings: GateFinding[] = [];
  const pairs = [...timesOf(child.origin, rival.origin)];
  for (const { what, own, theirs } of pairs) {
    const [ours, published] = [timeOf(own), timeOf(theirs)];
    if (ours === "unreadable" || published === "unreadable") {
      const text = ours === "unreadable" ? own : theirs;
      const whose = ours === "unreadable" ? nameOf(child) : shortDigest(rival.digest);
      const message = `how old ${whose} is can't be told: ${what} is ${quote(text)}, which is no time`;
      findings.push({ gate: "unreadable-generation", child: nameOf(child), message });
      continue;
    }
    if (ours === undefined || published === undefined || ours >= published) continue;
    findings.push(
      older(child, rival, `${what}: ${escapeText(own!)} here, ${escapeText(theirs!)} there`),
    );
  }
  return findings.slice(0, 1);
}

interface Times {
  readonly what: string;
  readonly own: string | undefined;
  readonly theirs: string | undefined;
}

/** The times of both that can be compared, those that say most first. */
function* timesOf(own: Origin, theirs: Origin): Iterable<Times> {
  for (const [name, input] of own.inputs) {
    const other = theirs.inputs.get(name);
    if (other === undefined || other.digest === input.digest) continue;
    yield { what: `its input ${escapeText(name)}`, own: input.created, theirs: other.created };
  }
  const runs = [own, theirs].map(({ runId }) =>
    runId.state === "recorded" ? runTime(runId.value) : undefined,
  );
  yield { what: "its run", own: runs[0], theirs: runs[1] };
  yield { what: "when it was made", own: own.created, theirs: theirs.created };
}

/** The time that the family's run ids begin with: `20260814-093000-0123abcd`. */
const RUN_TIME = /^(?:[a-z]+-)?(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-/;

function runTime(runId: string): string | undefined {
  const [, year, month, day, hour, minute, second] = RUN_TIME.exec(runId) ?? [];
  if (year === undefined) return undefined;
  const text = `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
  return Number.isNaN(Date.parse(text)) ? undefined : text;
}

/** The first moments of Unix and of zip files stand for no time in builds that have to be reproducible. */
const NO_TIME = new Set([Date.UTC(1970, 0, 1), Date.UTC(1970, 0, 1) + 1000, Date.UTC(1980, 0, 1)]);

function timeOf(text: string | undefined): number | undefined | "unreadable" {
  if (text === undefined || text === "" || text.startsWith("0001-01-01T")) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) return "unreadable";
  return NO_TIME.has(time) ? undefined : time;
}

function older(child: ChildFacts, rival: { readonly digest: Digest }, why: string): GateFinding {
  const message = `${nameOf(child)} is older than the published ${shortDigest(rival.digest)}: ${why}`;
  return { gate: "older-than-published", child: nameOf(child), published: rival.digest, message };
}
