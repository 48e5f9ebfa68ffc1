// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { FindingLayer } from "../../oci/finding.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import type { CheckSubject } from "../image/further-checks.ts";
import type { Examination } from "../image/examination.ts";
import type { PolicyFindingCode } from "../policy-report.ts";

/** What one policy finds out about one root filesystem: told the paths of one walk, then asked. */
export interface PolicyCheck {
  /** Called for every path of the root, parents before children. */
  visit?(path: ByteString, node: Node): void;
  /** Called once after the walk. */
  finish(examination: Examination): void | Promise<void>;
}

/** Takes the findings of one policy. */
export interface Reporter {
  /** Whether a path or a name is exempted; the exemption then counts as used. */
  exempts(subject: ByteString): boolean;
  /** Reports a finding about a path, unless it is exempted. The message begins with the path. */
  tell(code: PolicyFindingCode, path: ByteString, message: string): void;
  /** As {@link tell}, about something that has no path; `subject` is what exemptions may name. */
  tellOf(code: PolicyFindingCode, subject: string, message: string, layer?: FindingLayer): void;
  /** A note, whatever the severity of the policy. */
  note(code: PolicyFindingCode, path: ByteString | undefined, message: string): void;
}

/** Begins the check of one kind of policy. */
export type BeginCheck<Kind> = (
  policy: Kind,
  subject: CheckSubject,
  reporter: Reporter,
) => PolicyCheck;
