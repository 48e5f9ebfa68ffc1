// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { fromText } from "../../bytes/byte-string.ts";
import { makeReport } from "../../../test/fixtures/report.ts";
import { renderSarif } from "./render-sarif.ts";

/** What the SARIF 2.1.0 schema, and code scanning beyond it, ask of what is written here. Nothing else may be in it. */
const message = z.strictObject({ text: z.string().min(1) });
const level = z.enum(["none", "note", "warning", "error"]);
const location = z.strictObject({
  physicalLocation: z.strictObject({
    // a relative reference: no scheme, no root, no characters that a URI can't have
    artifactLocation: z.strictObject({ uri: z.string().regex(/^(?!\/)[A-Za-z0-9\-._~/%]+$/) }),
    region: z.strictObject({ startLine: z.number().int().min(1) }),
  }),
  logicalLocations: z
    .array(z.strictObject({ name: z.string(), fullyQualifiedName: z.string(), kind: z.string() }))
    .min(1),
});
const log = z.strictObject({
  $schema: z.url(),
  version: z.literal("2.1.0"),
  runs: z
    .array(
      z.strictObject({
        tool: z.strictObject({
          driver: z.strictObject({
            name: z.string().min(1),
            version: z.string().min(1),
            rules: z.array(
              z.strictObject({
                id: z.string().min(1),
                shortDescription: message,
                fullDescription: message,
                help: message,
                defaultConfiguration: z.strictObject({ level }),
              }),
            ),
          }),
        }),
        invocations: z.array(z.strictObject({ executionSuccessful: z.boolean() })),
        columnKind: z.literal("utf16CodeUnits"),
        results: z.array(
          z.strictObject({
            ruleId: z.string().min(1),
            ruleIndex: z.number().int().min(0),
            level,
            message,
            locations: z.array(location).min(1).max(10),
            partialFingerprints: z.record(z.string(), z.string().regex(/^[0-9a-f]{32}$/)),
            properties: z.record(z.string(), z.string()),
          }),
        ),
      }),
    )
    .min(1),
});

const missing = {
  code: "library-missing",
  severity: "error",
  path: fromText("/usr/bin/a b"),
  needs: fromText("libz.so.1"),
  message: "/usr/bin/a b: needs libz.so.1; it keeps /bin/x from starting",
} as const;

function fingerprintsOf(report: Parameters<typeof renderSarif>[0]): string[] {
  return renderSarif(report).runs[0].results.flatMap((one) =>
    Object.values(one.partialFingerprints),
  );
}

describe("SARIF", () => {
  it("has what its schema and code scanning ask for, and each result names its rule", () => {
    const found = log.parse(
      JSON.parse(
        JSON.stringify(
          renderSarif(
            makeReport([
              missing,
              {
                code: "wrong-platform",
                severity: "error",
                path: undefined,
                message: "no platform",
              },
              {
                code: "search-path-missing",
                severity: "note",
                path: fromText("/é\n"),
                message: "m",
              },
            ]),
          ),
        ),
      ),
    );
    const { results, tool } = found.runs[0]!;
    expect(results.map(({ ruleId }) => ruleId)).toEqual([
      "library-missing",
      "wrong-platform",
      "search-path-missing",
    ]);
    for (const { ruleId, ruleIndex } of results) {
      expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    }
    expect(results.map((one) => one.locations[0]!.physicalLocation.artifactLocation.uri)).toEqual([
      "usr/bin/a%20b",
      "a.example/b%3A1",
      "%C3%A9%0A",
    ]);
    expect(results.map((one) => one.level)).toEqual(["error", "error", "note"]);
  });

  it("gives a finding the same fingerprint in a later run, whatever else is found or said", () => {
    const [before] = fingerprintsOf(makeReport([missing]));
    const later = makeReport(
      [
        { code: "user-missing", severity: "error", path: undefined, message: "another" },
        { ...missing, message: "/usr/bin/a b: needs libz.so.1; it keeps 7 more from starting" },
      ],
      { digest: `sha256:${"b".repeat(64)}` },
    );
    expect(fingerprintsOf(later)[1]).toBe(before);
  });

  it("tells findings with the same code and path apart by what is needed, and else by number", () => {
    const other = { ...missing, needs: fromText("libq.so") };
    const found = fingerprintsOf(makeReport([missing, other, missing]));
    expect(new Set(found).size).toBe(3);
  });

  it("has no results where nothing is wrong, and says that the run was whole", () => {
    const { results, invocations } = renderSarif(makeReport([])).runs[0];
    expect({ results, invocations }).toEqual({
      results: [],
      invocations: [{ executionSuccessful: true }],
    });
  });
});
