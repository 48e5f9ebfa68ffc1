// SPDX-License-Identifier: MIT
import { existsSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { elf } from "../../../test/fixtures/layers.ts";
import { configuration, createProject, type Project } from "../../../test/fixtures/project.ts";

let project: Project;

beforeEach(async () => {
  project = await createProject();
});
afterEach(() => project.remove());

const ALL = ["--html", "r.html", "--sarif", "r.sarif", "--junit", "r.xml"];

interface Sarif {
  readonly runs: readonly {
    readonly results: readonly { readonly ruleId: string; readonly level: string }[];
  }[];
}

describe("verify-links with reports", () => {
  it("has a passed test case for each link that holds, and a page with every chain", async () => {
    await project.run("assemble");
    const { status, document } = await project.json("verify-links", "out", ...ALL);
    expect(status).toBe(0);
    expect(document).toMatchObject({
      ok: true,
      reports: { html: "r.html", sarif: "r.sarif", junit: "r.xml" },
    });
    const junit = readFileSync("r.xml", "utf8");
    expect(junit).toContain('tests="3" failures="0" errors="0"');
    expect(junit.match(/name="\/usr\/bin\/cc ends at \/opt\/gcc\/bin\/gcc"/g)).toHaveLength(3);
    const page = readFileSync("r.html", "utf8");
    for (const text of ["All right", "/usr/bin/cc", "/opt/gcc/bin/gcc", "ELF riscv64"]) {
      expect(page).toContain(text);
    }
    const { runs } = JSON.parse(readFileSync("r.sarif", "utf8")) as Sarif;
    expect(runs[0]!.results).toEqual([]);
  });

  it("names the link that ends elsewhere in each of them, under a rule of links", async () => {
    project.write("gcc/riscv64/bin/gcc", elf("amd64"), 0o755);
    await project.run("assemble", "--arch", "riscv64");
    const { status } = await project.run("verify-links", "out", ...ALL);
    expect(status).toBe(2);
    const { runs } = JSON.parse(readFileSync("r.sarif", "utf8")) as Sarif;
    expect(runs[0]!.results).toMatchObject([
      { ruleId: "links/wrong-architecture", level: "error" },
    ]);
    expect(readFileSync("r.xml", "utf8")).toContain('<failure type="wrong-architecture"');
    const page = readFileSync("r.html", "utf8");
    expect(page).toContain('class="chain broken"');
    expect(page).toContain("1 does not hold");
  });

  it("fails the test case where there was no link to check, as the exit status does", async () => {
    const layers = [{ name: "data", steps: [{ copy: "/share", from: "data" }] }];
    project.write("linux/oci-kit.yaml", configuration(project.repository, { layers, links: [] }));
    await project.run("assemble", "--arch", "riscv64");
    const { status } = await project.run("verify-links", "out", ...ALL);
    expect(status).toBe(1);
    expect(readFileSync("r.xml", "utf8")).toContain('<failure type="nothing-to-check"');
    expect(readFileSync("r.html", "utf8")).toContain("This is no answer");
    expect(JSON.parse(readFileSync("r.sarif", "utf8"))).toMatchObject({
      runs: [{ invocations: [{ executionSuccessful: false }] }],
    });
  });

  it("refuses what verify refuses before anything is looked for", async () => {
    const { status, stderr } = await project.run("verify-links", "no/such", "--html", "no/r.html");
    expect(stderr).toContain("no/r.html");
    expect(status).toBe(1);
    expect(existsSync("no")).toBe(false);
  });
});
