// SPDX-License-Identifier: MIT
import { escapeText, fromText, toText, type ByteString } from "../../bytes/byte-string.ts";
import { compileGlob, type Glob } from "../../rootfs/glob.ts";
import type { ImageFinding } from "../image/image-report.ts";
import type { Exemption, Policy } from "./policy.ts";
import type { Reporter } from "./policy-check.ts";

/** A reporter that keeps what it is told. */
export interface KeptReports extends Reporter {
  readonly findings: readonly ImageFinding[];
  /** Notes every exemption that exempted nothing. To be called when all is told. */
  tellUnused(): void;
}

/** @throws OciError `invalid-argument` for an exemption's pattern that can't be read */
export function createReporter({ name, severity = "error", exempt = [] }: Policy): KeptReports {
  const findings: ImageFinding[] = [];
  const exemptions = exempt.map((exemption) => ({
    exemption,
    globs: compileGlob(fromText(exemption.path)),
    isUsed: false,
  }));
  const add = (
    finding: Pick<ImageFinding, "code" | "path" | "message" | "layer" | "about">,
    kind: ImageFinding["severity"] = severity,
  ): void => {
    findings.push({ ...finding, severity: kind, policy: name });
  };
  const exempts = (subject: ByteString): boolean => {
    const matching = exemptions.filter(({ globs }) => covers(globs, subject));
    for (const one of matching) one.isUsed = true;
    return matching.length > 0;
  };
  return {
    findings,
    exempts,
    tell(code, path, message) {
      if (!exempts(path)) add({ code, path, message: `${toText(path)}: ${message}` });
    },
    tellOf(code, subject, message, layer) {
      if (!exempts(fromText(subject))) {
        add({ code, path: undefined, message, layer, about: subject });
      }
    },
    note(code, path, message) {
      const sentence = path === undefined ? message : `${toText(path)}: ${message}`;
      add({ code, path, message: sentence }, "note");
    },
    tellUnused() {
      for (const { exemption, isUsed } of exemptions) {
        if (!isUsed)
          add(
            {
              ...{ code: "exemption-unused", path: undefined, message: unused(exemption) },
              about: exemption.path,
            },
            "note",
          );
      }
    },
  };
}

/** An exempted directory exempts what is below it. */
function covers(globs: readonly Glob[], subject: ByteString): boolean {
  return globs.some(
    (glob) => glob.matches(subject) || (glob.literal && subject.startsWith(`${glob.prefix}/`)),
  );
}

function unused({ path, reason }: Exemption): string {
  return `the exemption ${escapeText(path)} (${escapeText(reason)}) exempts nothing`;
}
