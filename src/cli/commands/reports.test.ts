// SPDX-License-Identifier: MIT
import { existsSync, mkdirSync, readFileSync, writeFileSync, rmSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProject, type Project } from "../../../test/fixtures/project.ts";
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
