// SPDX-License-Identifier: MIT
import { fromText, toText, type ByteString } from "../../bytes/byte-string.ts";
import { listFindings, type ListedFinding } from "../list-findings.ts";
import type { Report } from "../report.ts";
import type { Rule } from "../rules/rule.ts";
import { pageOf } from "../rules/rules.ts";
import { verdictOf } from "../verdict.ts";
import { fingerprintFindings } from "./fingerprints.ts";
import type { SarifLocation, SarifLog, SarifResult, SarifRule } from "./sarif-log.ts";

const SCHEMA =
  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/** The version is that of how fingerprints are made. */
const FINGERPRINT = "ociKitFinding/v1";

/**
 * Renders findings as a SARIF 2.1.0 log, for code scanning: one result for each finding, with a rule, a level,
 * a location inside the root filesystem (a relative URI, its bytes percent-encoded) and a fingerprint that is
 * the same in every run. What was found right has no result.
 */
export function renderSarif(report: Report): SarifLog {
  const findings = listFindings(report);
  const rules = new Map(findings.map((finding) => [finding.ruleId, finding.rule]));
  const ids = [...rules.keys()].sort();
  const fingerprints = fingerprintFindings(findings);
  const { name, version } = report.tool;
  return {
    $schema: SCHEMA,
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name, version, rules: ids.map((id) => describe(id, rules.get(id)!)) } },
        invocations: [{ executionSuccessful: verdictOf(report) !== "unknown" }],
        columnKind: "utf16CodeUnits",
        results: findings.map((finding, at) =>
          resultOf(finding, ids.indexOf(finding.ruleId), fingerprints[at]!),
        ),
      },
    ],
  };
}

function describe(id: string, { holds, remedy, level }: Rule): SarifRule {
  return {
    id,
    shortDescription: { text: holds },
    fullDescription: { text: holds },
    help: { text: `${remedy} ${pageOf(id)} of oci-kit has the rule in full.` },
    defaultConfiguration: { level },
  };
}

function resultOf(finding: ListedFinding, ruleIndex: number, fingerprint: string): SarifResult {
  const { ruleId, severity, policy, subject, image } = finding;
  const message = policy === undefined ? finding.message : `${finding.message} (policy ${policy})`;
  return {
    ...{ ruleId, ruleIndex, level: severity, message: { text: wellFormed(message) } },
    locations: [locationOf(finding)],
    partialFingerprints: { [FINGERPRINT]: fingerprint },
    properties: {
      reference: wellFormed(subject.reference),
      ...(policy !== undefined && { policy: wellFormed(policy) }),
      ...(image?.platform !== undefined && { platform: image.platform }),
      ...(image?.digest !== undefined && { digest: image.digest }),
    },
  };
}

/** Where a finding is about no path, its place is the image itself. */
function locationOf({ subject, image, path }: ListedFinding): SarifLocation {
  const reference = wellFormed(subject.reference);
  const name = path === undefined ? reference : toText(path);
  const whole = [reference, ...(image?.platform === undefined ? [] : [image.platform])].join(" ");
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(path ?? fromText(reference)) },
      region: { startLine: 1 },
    },
    logicalLocations: [
      {
        name,
        fullyQualifiedName: path === undefined ? whole : `${whole}: ${name}`,
        kind: "resource",
      },
    ],
  };
}

/** A relative reference (RFC 3986, 4.2) of a path: without the root's slash, bytes that a URI can't have as `%NN`. */
function uriOf(path: ByteString): string {
  const relative = path.replace(/^\/+/, "");
  const encoded = relative.replace(
    /[^A-Za-z0-9\-._~/]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
  return encoded === "" ? "." : encoded;
}

/** Text without lone surrogates, which are no Unicode text. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}
