// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../bytes/byte-string.ts";
import type { Report, ReportedImage, ReportSubject } from "./report.ts";
import { ruleIdOf, ruleOf, type Question } from "./rules/rules.ts";
import type { Rule } from "./rules/rule.ts";

/** A finding of any kind with what it is about: what the formats for machines list. */
export interface ListedFinding {
  readonly subject: ReportSubject;
  /** Undefined for a finding about content that is in no image's tree: a blob. */
  readonly image: ReportedImage | undefined;
  readonly code: string;
  /** The rule that it breaks, and what that is called among all rules. */
  readonly rule: Rule;
  readonly ruleId: string;
  readonly severity: "error" | "note";
  /** The name of the policy that it breaks. */
  readonly policy: string | undefined;
  /** In the root filesystem, as a byte string. */
  readonly path: ByteString | undefined;
  /** What tells two findings with one code and path apart, as text: what is needed, or a digest. */
  readonly about: string | undefined;
  readonly message: string;
}

/** All findings of a report: for each subject those of its content, then those of its images. */
export function listFindings({ subjects }: Report): ListedFinding[] {
  return subjects.flatMap((subject) => [
    ...(subject.verified?.content?.findings ?? []).map(({ code, digest, message }) => ({
      ...{ subject, image: undefined, severity: "error" as const, ...named("content", code) },
      ...{ policy: undefined, path: undefined, about: digest, message: `${digest}: ${message}` },
    })),
    ...subject.images.flatMap((image) => [
      ...(image.report?.findings ?? []).map(
        ({ code, severity, path, policy, message, ...finding }) => ({
          ...{ subject, image, severity, policy, message, ...named("image", code) },
          path: path as ByteString | undefined,
          about: finding.needs === undefined ? finding.about : toText(finding.needs),
        }),
      ),
      ...(image.links?.findings ?? []).map(({ code, severity, path, message }) => ({
        ...{ subject, image, severity, path, message, ...named("links", code) },
        ...{ policy: undefined, about: undefined },
      })),
    ]),
  ]);
}

/** Findings by what they have in common, each group in their order. */
export function groupFindings<Key>(
  findings: readonly ListedFinding[],
  keyOf: (finding: ListedFinding) => Key,
): ReadonlyMap<Key, readonly ListedFinding[]> {
  const groups = new Map<Key, ListedFinding[]>();
  for (const finding of findings) {
    const key = keyOf(finding);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  return groups;
}

function named(question: Question, code: string): Pick<ListedFinding, "code" | "rule" | "ruleId"> {
  return { code, rule: ruleOf(question, code), ruleId: ruleIdOf(question, code) };
}
