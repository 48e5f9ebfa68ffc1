// SPDX-License-Identifier: MIT
import { existsSync, mkdirSync, readFileSync, writeFileSync, rmSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { configuration, createProject, type Project } from "../../../test/fixtures/project.ts";
import { EXECUTION, WHOLE } from "../../../test/fixtures/runnable-image.ts";
import { openLayout } from "../../store/layout/layout.ts";
import { buildImage } from "../../testing/build-image.ts";

let project: Project;

beforeEach(async () => {
  project = await createProject();
  // What images are here keeps no policy.
  rmSync("linux", { recursive: true });
  const store = await openLayout("images", { create: true });
  const platform = { os: "linux", architecture: "riscv64" };
  await buildImage(store, { layers: [WHOLE], config: EXECUTION, platform, tag: "whole" });
  const config = { ...EXECUTION, User: "nobody" };
  await buildImage(store, {
    layers: [WHOLE, { "new/file": "new" }],
    config,
    platform,
    tag: "wrong",
  });
});
afterEach(() => project.remove());

const ALL = ["--html", "r.html", "--sarif", "r.sarif", "--junit", "r.xml"];

describe("verify with reports", () => {
  it("writes several at once, says so in its document, and keeps its exit status", async () => {
    const { status, document } = await project.json("verify", "oci:images:wrong", ...ALL);
    expect(status).toBe(2);
    expect(document).toMatchObject({
      ok: false,
      reports: { html: "r.html", sarif: "r.sarif", junit: "r.xml" },
    });
    expect(readFileSync("r.html", "utf8")).toContain("user-missing");
    expect(readFileSync("r.xml", "utf8")).toContain('<failure type="user-missing"');
    const sarif = JSON.parse(readFileSync("r.sarif", "utf8")) as object;
    expect(sarif).toMatchObject({ runs: [{ results: [{ ruleId: "user-missing" }] }] });
  });

  it("prints one to stdout, and its text to stderr", async () => {
    const { bytes, stderr, status } = await project.run(
      "verify",
      "oci:images:whole",
      "--sarif",
      "-",
    );
    const { version } = JSON.parse(new TextDecoder().decode(bytes)) as { version: string };
    expect([status, version]).toEqual([0, "2.1.0"]);
    expect(stderr).toContain("all right");
  });

  it("takes several references: the document has each, and the page both side by side", async () => {
    const words = ["verify", "oci:images:whole", "oci:images:wrong", "--html", "both.html"];
    const { status, document } = await project.json(...words);
    expect(status).toBe(2);
    expect(document).toMatchObject({
      ok: false,
      references: [
        { reference: "oci:images:whole", ok: true },
        { reference: "oci:images:wrong", ok: false },
      ],
    });
    expect(readFileSync("both.html", "utf8")).toContain("Side by side");
  });

  it("refuses, before it verifies anything, a missing directory, one place twice, and stdout that is taken", async () => {
    mkdirSync("dir");
    writeFileSync("same", "");
    for (const [words, message] of [
      [["--html", "no/such/r.html"], "no/such/r.html"],
      [["--html", "dir"], "dir"],
      [["--html", "same", "--sarif", "./same"], "expected a file of its own, got that of --html"],
      [["--html", "-", "--junit", "-"], "expected a file of its own, got that of --html"],
      [["--html", "-", "--json"], "expected stdout to take one thing"],
      [["--html", ""], "expected a file, got an empty name"],
      [["--html", "r.html", "--against", "oci:images:whole"], "without --against"],
    ] as const) {
      const { status, stderr } = await project.run("verify", "oci:images:whole", ...words);
      expect(stderr).toContain(message);
      expect(status).toBe(1);
    }
    expect(existsSync("r.html")).toBe(false);
  });
});

describe("policies in reports", () => {
  beforeEach(() => {
    const policies = [
      { name: "tools", present: ["/usr/bin"] },
      { name: "new", absent: ["/new"] },
      { name: "gone", danglingLinks: ["/no/such/tree"] },
      { name: "same", parity: ["/usr/**"] },
    ];
    const architectures = ["riscv64"];
    project.write(
      "oci-kit.yaml",
      configuration(project.repository, { architectures, policies, links: [] }),
    );
  });

  it("each is a test case: passed where it held, failed, or skipped where nothing was compared", async () => {
    const { status } = await project.run("verify", "oci:images:wrong", ...ALL);
    expect(status).toBe(2);
    const cases = readFileSync("r.xml", "utf8").split("<testcase ");
    const caseOf = (name: string): string => cases.find((one) => one.includes(`policy ${name}:`))!;
    expect(caseOf("tools")).toMatch(/paths are there">\s*<\/testcase>/);
    expect(caseOf("new")).toContain('<failure type="path-forbidden"');
    expect(caseOf("gone")).toContain('<failure type="tree-missing"');
    expect(caseOf("same")).toContain("<skipped message=");
  });

  it("SARIF has the policy's name in the message and the properties, and its own sentence for the rule", async () => {
    await project.run("verify", "oci:images:wrong", ...ALL);
    const { runs } = JSON.parse(readFileSync("r.sarif", "utf8")) as {
      runs: { tool: { driver: { rules: { id: string }[] } }; results: { ruleId: string }[] }[];
    };
    expect(runs[0]!.results.find(({ ruleId }) => ruleId === "path-forbidden")).toMatchObject({
      message: { text: expect.stringContaining("(policy new)") as string },
      properties: { policy: "new" },
    });
    const rules = runs[0]!.tool.driver.rules;
    expect(rules.find(({ id }) => id === "path-forbidden")).toMatchObject({
      shortDescription: { text: "Nothing is where nothing may be." },
      help: { text: expect.stringContaining("docs/policies.md") as string },
      defaultConfiguration: { level: "error" },
    });
    expect(readFileSync("r.html", "utf8")).toContain("policy new");
  });
});

describe("diff --html", () => {
  it("shows both images side by side with every difference", async () => {
    const words = ["diff", "oci:images:whole", "oci:images:wrong", "--html", "diff.html"];
    const { status, document } = await project.json(...words);
    expect(status).toBe(2);
    expect(document).toMatchObject({ same: false, reports: { html: "diff.html" } });
    const page = readFileSync("diff.html", "utf8");
    for (const text of ["Side by side", "Differences", "/new/file", "config.User"]) {
      expect(page).toContain(text);
    }
  });
});
