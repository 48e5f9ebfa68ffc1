// SPDX-License-Identifier: MIT
import type { Platform } from "../../oci/platform.ts";
import type {
  CheckSubject,
  FurtherChecks,
  JudgedTree,
  RootChecks,
} from "../image/further-checks.ts";
import type { ImageFinding, ImageFindingCode } from "../image/image-report.ts";
import { beginParity, compareSides, type ParitySide } from "./check-parity.ts";
import { beginCheck } from "./begin-check.ts";
import { isOfImages } from "./is-of-images.ts";
import { treeAt } from "./path-pattern.ts";
import type { Policy } from "./policy.ts";
import type { PolicyCheck } from "./policy-check.ts";
import { createReporter, type KeptReports } from "./reporter.ts";

/** The policies for images of a platform; undefined where nothing says what images of that platform have to keep. */
export type PoliciesFor = (platform: Platform | undefined) => readonly Policy[] | undefined;

/**
 * Policies as further checks of `verifyImages`: all of them are answered on its one walk through each root
 * filesystem. The result is for one run, because policies of parity compare the roots of a run.
 * @throws from `begin`: OciError `invalid-argument` for a pattern that can't be read
 */
export function createPolicyChecks(policiesFor: PoliciesFor): FurtherChecks {
  const parities = new Map<string, ParitySide[]>();
  return {
    begin(subject) {
      const policies = policiesFor(subject.platform);
      return policies === undefined ? withoutPolicies() : beginAll(policies, subject, parities);
    },
    compare() {
      const told = new Map<string, ImageFinding[]>();
      for (const sides of parities.values()) {
        compareSides(sides);
        for (const { subject, reporter } of sides) {
          reporter.tellUnused();
          const { name } = subject.root;
          told.set(name, [...(told.get(name) ?? []), ...reporter.findings]);
        }
      }
      return told;
    },
  };
}

function withoutPolicies(): RootChecks {
  const message =
    "the configuration does not list the architecture of this image: no policy was asked";
  const finding: ImageFinding = { code: "no-policies", severity: "note", path: undefined, message };
  return {
    ...{ policies: [], replaces: new Set(), trees: [], visit: () => undefined },
    finish: () => Promise.resolve([finding]),
  };
}

interface Begun {
  readonly reporter: KeptReports;
  readonly check: PolicyCheck;
  /** Whether its findings are complete when the root is finished. */
  readonly isAlone: boolean;
}

function beginAll(
  all: readonly Policy[],
  subject: CheckSubject,
  parities: Map<string, ParitySide[]>,
): RootChecks {
  const policies = subject.image === undefined ? all.filter(({ kind }) => !isOfImages(kind)) : all;
  const begun = policies.map((policy): Begun => {
    const reporter = createReporter(policy);
    if (policy.kind !== "parity") {
      return { reporter, check: beginCheck(policy, subject, reporter), isAlone: true };
    }
    const { side, check } = beginParity(policy, subject, reporter);
    parities.set(policy.name, [...(parities.get(policy.name) ?? []), side]);
    return { reporter, check, isAlone: false };
  });
  const visitors = begun.flatMap(({ check }) => (check.visit === undefined ? [] : [check]));
  return {
    policies: policies.map(({ name, kind }) => ({ name, kind })),
    replaces: replacedBy(policies),
    trees: judgedTrees(policies, subject),
    visit(path, node) {
      for (const visitor of visitors) visitor.visit!(path, node);
    },
    async finish(examination) {
      const findings: ImageFinding[] = [];
      for (const { reporter, check, isAlone } of begun) {
        await check.finish(examination);
        if (!isAlone) continue;
        reporter.tellUnused();
        findings.push(...reporter.findings);
      }
      return onceEach(findings);
    },
  };
}

/** What two policies say alike, as `links` and one with more to say of the same link, is told once: by the first. */
function onceEach(findings: readonly ImageFinding[]): readonly ImageFinding[] {
  const told = new Set<string>();
  return findings.filter(({ code, path, message }) => {
    const key = JSON.stringify([code, path, message]);
    const isTold = path !== undefined && told.has(key);
    told.add(key);
    return !isTold;
  });
}

function replacedBy(policies: readonly Policy[]): ReadonlySet<ImageFindingCode> {
  const asksPath = policies.some((one) => one.kind === "configuration" && one.searchPath === true);
  return new Set(asksPath ? ["search-path-missing"] : []);
}

function judgedTrees(policies: readonly Policy[], { root }: CheckSubject): readonly JudgedTree[] {
  return policies.flatMap((policy) =>
    policy.kind !== "architecture"
      ? []
      : policy.trees.map(({ path, architecture }) => {
          const { place } = treeAt(root, path);
          return { place, architecture };
        }),
  );
}
