// SPDX-License-Identifier: MIT
import { escapeText } from "../../bytes/byte-string.ts";
import { readRecorded } from "../../image/recorded.ts";
import type { ProvenancePolicy } from "./policy.ts";
import type { BeginCheck } from "./policy-check.ts";

/** Whether the image records every key, in an annotation or a label, with one value that is not empty. */
export const beginProvenance: BeginCheck<ProvenancePolicy> = ({ keys }, { image }, reporter) => ({
  finish() {
    if (image === undefined) return;
    for (const key of keys) {
      const recorded = readRecorded(image, key);
      if (recorded.state === "recorded") continue;
      const why = recorded.state === "absent" ? "got none" : escapeText(recorded.reason);
      const message = `${escapeText(key)}: expected an annotation or a label, ${why}`;
      reporter.tellOf("provenance-missing", key, message);
    }
  },
});
