// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeDpkgImage, makePackages } from "../../../test/fixtures/dpkg-image.ts";
import { createProject, type Project } from "../../../test/fixtures/project.ts";
import { openLayout } from "../../store/layout/layout.ts";

let project: Project;
beforeEach(async () => {
  project = await createProject();
});
afterEach(() => project.remove());

const PACKAGES = makePackages(20);

/** Saves an artifact in which some packages are of version 2, and the configuration that splits it. */
async function saveSystem(split: string, ...newer: readonly number[]): Promise<void> {
  const store = await openLayout("saved/system", { create: true });
  const packages = PACKAGES.map((each, at) => ({ ...each, version: newer.includes(at) ? 2 : 1 }));
  await makeDpkgImage(packages, { store, tag: "latest" });
  project.write(
    "linux/oci-kit.yaml",
    `version: 1
image: ${project.repository}
architectures: [amd64]
base: scratch
compression: none
artifacts: { system: "oci:saved/system" }
layers:
  - name: system
    split: ${split}
    steps:
      - copy: "/{bin,usr,var}"
`,
  );
}

async function assemble(...words: string[]): Promise<string> {
  const { status, stdout, stderr } = await project.run("assemble", ...words);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

const OUT = "oci:out/linux-runtime/amd64";
const SUMMARY = /^ {2}layer system: \d+ entries, .*, split into (\d+) layers, (\d+) new$/m;
const numbersIn = (text: string): number[] => SUMMARY.exec(text)!.slice(1).map(Number);

describe("assemble with a layer that is split", () => {
  it("says in one line what it becomes, then of each of its layers whether it is kept, and how long sending takes", async () => {
    await saveSystem("true");
    await assemble();
    await saveSystem("true", 0, 9);
    const said = await assemble("--dry-run", "--rate", "100kB/s");
    const [all, fresh] = numbersIn(said);
    expect(fresh).toBe(3);
    const rows = said.split("\n").filter((line) => / sha256:[0-9a-f]{12} /.test(line));
    expect(rows).toHaveLength(all!);
    expect(rows.filter((row) => row.startsWith("  new "))).toHaveLength(3);
    expect(said).toMatch(/^ {2}new {3}sha256:[0-9a-f]{12} {2}309 kB {3}system: pkg-0$/m);
    expect(said).toMatch(/^ {2}kept {2}sha256:[0-9a-f]{12} {2}310 kB {3}system: pkg-1$/m);
    expect(said).toMatch(/^ {2}sends 404 kB of 2\.\d MB, 4\.0 s at that rate$/m);
  });

  it("keeps the layers of the tag's image, none with --no-previous, and with --previous those of another place", async () => {
    await saveSystem("{ layers: 30 }");
    await assemble();
    await saveSystem("{ layers: 30 }", 4);
    const [all, fresh] = numbersIn(await assemble("--dry-run"));
    expect(fresh).toBe(2);
    expect(numbersIn(await assemble("--dry-run", "--no-previous"))).toEqual([all, all]);
    const elsewhere = ["--dry-run", "--output", "oci:other"];
    expect(numbersIn(await assemble(...elsewhere))).toEqual([all, all]);
    expect(numbersIn(await assemble(...elsewhere, "--previous", OUT))).toEqual([all, fresh]);
    const made = await assemble("--output", "oci:other", "--previous", OUT);
    expect(made.match(/ unchanged /g)).toHaveLength(all! - fresh!);
    const absent = await project.run("assemble", "--previous", "oci:nowhere");
    expect(absent).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('"nowhere"') as unknown,
    });
  });

  it("is grouped anew where fewer layers are asked for than the tag's image has", async () => {
    await saveSystem("true");
    await assemble();
    await saveSystem("{ layers: 8 }");
    const said = await assemble("--dry-run");
    const [all, fresh] = numbersIn(said);
    expect(all).toBeLessThanOrEqual(8);
    expect(fresh).toBe(all);
    expect(said).not.toContain("limit:");
  });

  it("is cut by what the configured registry takes, and a dry run says what breaks its limits", async () => {
    const habits = [{ hosts: ["127.0.0.1"], name: "small", blobBytes: 100_000, uploadTime: 2000 }];
    project.write("settings/oci-kit/registries.json", JSON.stringify(habits));
    const env = { XDG_CONFIG_HOME: `${project.directory}/settings` };
    await saveSystem("{ layers: 8 }");
    const words = ["assemble", "--dry-run", "--rate", "1kB/s"];
    const { status, stdout } = await project.runWith({ env }, ...words);
    expect(status).toBe(0);
    const [all] = numbersIn(stdout);
    expect(all).toBeGreaterThan(8);
    expect(stdout).toContain(`\n  limit: system: ${all} layers, of which at most 8 were wanted\n`);
    expect(stdout).toMatch(
      /\n {2}limit: layer sha256:\S+ of 1\d{5} bytes: small takes at most 100000\n/,
    );
    expect(stdout).toMatch(
      /\n {2}limit: layer .*: 9\d s at that rate, and small ends uploads after 2 s\n/,
    );
  });

  it.each([
    ["false", ":9:5: layers[0].split: expected true or a map, got the boolean false"],
    ["3", ":9:5: layers[0].split: expected true or a map, got the number 3"],
    ["{ layers: '5' }", ':9:14: layers[0].split.layers: expected number, got "5"'],
    ["{ layer: 5 }", ":9:14: layers[0].split.layer: unknown key; did you mean layers?"],
    ["{ layers: 1 }", ":9:14: layers[0].split.layers: Too small: expected number to be >=2"],
  ])("refuses split: %s with its place", async (split, message) => {
    await saveSystem(split);
    const { status, stderr } = await project.run("assemble");
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `oci-kit: linux/oci-kit.yaml${message}\n`,
    });
  });
});
