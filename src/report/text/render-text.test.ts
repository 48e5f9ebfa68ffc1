// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { makeReport } from "../../../test/fixtures/report.ts";
import { parseDigest } from "../../oci/digest.ts";
import type { Report } from "../report.ts";
import { renderText } from "./render-text.ts";

it("names and messages cannot move a terminal's cursor, whoever prints the lines", () => {
  const evil = "\u001b[2J\u202e\n";
  const { tool, subjects } = makeReport([
    { code: "user-missing", severity: "error", path: undefined, message: evil },
  ]);
  const digest = parseDigest(`sha256:${"a".repeat(64)}`);
  const findings = [{ code: "damaged", digest, message: evil }] as const;
  const report: Report = {
    tool,
    subjects: subjects.map((subject) => ({
      ...subject,
      verified: {
        ...subject.verified!,
        name: evil,
        images: subject.verified!.images.map((image) => ({ ...image, name: evil })),
        content: { checked: 1, bytes: 1, findings, absent: [] },
      },
    })),
  };
  const lines = renderText(report);
  expect(lines.join("")).not.toMatch(/[\u001b\u202e\n]/);
  expect(lines.filter((line) => line.includes("\\x1b[2J\\u202e\\n"))).toHaveLength(
    lines.length - 1,
  );
});
