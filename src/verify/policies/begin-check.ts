// SPDX-License-Identifier: MIT
import type { CheckSubject } from "../image/further-checks.ts";
import { beginAbsent } from "./check-absent.ts";
import { beginArchitecture } from "./check-architecture.ts";
import { beginConfiguration } from "./check-configuration.ts";
import { beginEnvironment } from "./check-environment.ts";
import { beginLibraryPrecedence } from "./check-library-precedence.ts";
import { beginLinks } from "./check-links.ts";
import {
  beginDanglingLinks,
  beginOwners,
  beginPrivileges,
  beginWorldWritable,
} from "./check-metadata.ts";
import { beginPresent } from "./check-present.ts";
import { beginProvenance } from "./check-provenance.ts";
import { beginSize } from "./check-size.ts";
import { beginStripped } from "./check-stripped.ts";
import type { ParityPolicy, Policy } from "./policy.ts";
import type { PolicyCheck, Reporter } from "./policy-check.ts";

/** Begins the check of a policy that one root filesystem alone answers. */
export function beginCheck(
  policy: Exclude<Policy, ParityPolicy>,
  subject: CheckSubject,
  reporter: Reporter,
): PolicyCheck {
  switch (policy.kind) {
    case "links":
      return beginLinks(policy, subject, reporter);
    case "architecture":
      return beginArchitecture(policy, subject, reporter);
    case "present":
      return beginPresent(policy, subject, reporter);
    case "absent":
      return beginAbsent(policy, subject, reporter);
    case "stripped":
      return beginStripped(policy, subject, reporter);
    case "library-precedence":
      return beginLibraryPrecedence(policy, subject, reporter);
    case "privileges":
      return beginPrivileges(policy, subject, reporter);
    case "owners":
      return beginOwners(policy, subject, reporter);
    case "dangling-links":
      return beginDanglingLinks(policy, subject, reporter);
    case "world-writable":
      return beginWorldWritable(policy, subject, reporter);
    case "configuration":
      return beginConfiguration(policy, subject, reporter);
    case "environment":
      return beginEnvironment(policy, subject, reporter);
    case "provenance":
      return beginProvenance(policy, subject, reporter);
    case "size":
      return beginSize(policy, subject, reporter);
  }
}
