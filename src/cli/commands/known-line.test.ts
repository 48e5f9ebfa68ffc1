// SPDX-License-Identifier: MIT
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  configuration,
  createProject,
  type JsonRan,
  type Project,
} from "../../../test/fixtures/project.ts";

let project: Project;
let host: string;

beforeEach(async () => {
  project = await createProject();
  host = `127.0.0.1:${project.server.port}`;
  project.write("tree/opt/small", "small");
});
afterEach(() => project.remove());

const FILE = "line-rates.json";
const place = (): string => join(dirname(project.directory), "cache", FILE);
const kept = (): Record<string, number> =>
  existsSync(place()) ? (JSON.parse(readFileSync(place(), "utf8")) as Record<string, number>) : {};

/** What the line to the registry takes, as if it had been measured. */
const measured = (rate: number): void => {
  project.write(`../cache/${FILE}`, JSON.stringify({ [host]: rate }));
};

async function done(...words: string[]): Promise<string> {
  const { status, stderr } = await project.run(...words);
  expect([status, stderr]).toEqual([0, stderr]);
  return stderr;
}

async function printed<Document>(...words: string[]): Promise<Document> {
  const { status, document } = (await project.json(...words)) as JsonRan<Document>;
  expect(document).not.toHaveProperty("error");
  expect(status).toBe(0);
  return document;
}

describe("what the line to a registry takes", () => {
  const large = async (): Promise<void> => {
    project.write("tree/opt/large", randomBytes(9_000_000));
    await done("pack", "tree", "oci:big:1", "--compression", "none");
  };
  const flat = ["flatten", "oci:big:1"];

  it.each<[string, (repository: string) => readonly string[]]>([
    ["copy", (to) => ["copy", "oci:big:1", `${to}:1`]],
    ["copy --all-tags", (to) => ["copy", "--all-tags", "oci:big", to]],
    ["pack", (to) => ["pack", "tree", `${to}:1`]],
    ["append", (to) => ["append", "oci:big:1", `${to}:1`, "--layer", "tree"]],
    ["flatten", (to) => [...flat, `${to}:1`, "--compression", "none"]],
    ["rechunk", (to) => ["rechunk", "oci:big:1", `${to}:1`]],
    ["artifact push", (to) => ["artifact", "push", `${to}:1`, "tree/opt/large", "--type", "a/b"]],
    ["manifest create", (to) => ["manifest", "create", `${to}:1`, "--from", "oci:big:1"]],
  ])("is kept by %s, and by its dry run never", async (_, words) => {
    await large();
    const command = words(project.repository);
    const help = (await project.run(...command.slice(0, 2), "--help")).stdout;
    if (help.includes("--dry-run")) {
      await done(...command, "--dry-run");
      expect(kept()).toEqual({});
    }
    await done(...command);
    expect(kept()).toEqual({ [host]: expect.any(Number) as number });
  });

  it("is kept by assemble into a registry, and by what it pushes besides", async () => {
    project.write("data/share/large", randomBytes(9_000_000));
    await done("assemble", "--arch", "amd64", "--push", "one", "--force-push", "verify");
    expect(kept()).toEqual({ [host]: expect.any(Number) as number });
    writeFileSync(place(), "{}");
    await done("assemble", "--arch", "amd64", "--output", `${host}/other:1`);
    expect(kept()).toEqual({ [host]: expect.any(Number) as number });
  });

  it("is not what a small upload took, which leaves what is known", async () => {
    measured(4_500_000);
    await done("pack", "tree", `${project.repository}:1`);
    expect(kept()).toEqual({ [host]: 4_500_000 });
  });
});

describe("--compression auto without --rate", () => {
  const commands: readonly (readonly [string, (to: string) => readonly string[]])[] = [
    ["copy", (to) => ["copy", "oci:small:1", to]],
    ["pack", (to) => ["pack", "tree", to]],
    ["append", (to) => ["append", "oci:small:1", to, "--layer", "tree"]],
    ["flatten", (to) => ["flatten", "oci:small:1", to]],
    ["rechunk", (to) => ["rechunk", "oci:small:1", to]],
  ];

  it.each(commands)("goes by the known line, else by the usual level: %s", async (_, words) => {
    await done("pack", "tree", "oci:small:1");
    const command = [...words(`${project.repository}:1`), "--compression", "auto"];
    const told = await done(...command);
    expect(told).toContain(
      `compression auto: zstd:3; the line to ${host} is measured by what is sent now`,
    );
    measured(1e15);
    const again = [...words(`${project.repository}:2`), "--compression", "auto"];
    expect(await done(...again)).toContain("compression auto: zstd:1, which makes");
  });

  it.each(commands)("is refused where the target is no registry: %s", async (_, words) => {
    await done("pack", "tree", "oci:small:1");
    const { status, stderr } = await project.run(...words("oci:out:1"), "--compression", "auto");
    expect(status).toBe(1);
    expect(stderr).toContain("compression auto: expected a registry as the target, got oci:out:1");
    expect(stderr).toContain("--rate 4.5MB/s");
    expect(existsSync("out")).toBe(false);
  });

  it("copies again what another day's level compressed as it is, and measures nothing for it", async () => {
    await done("pack", "tree", "oci:small:1");
    const copy = ["copy", "oci:small:1", `${project.repository}:1`, "--compression", "auto"];
    interface Copied {
      readonly digest: string;
      readonly compression?: string;
    }
    const first = await printed<Copied>(...copy);
    expect(first.compression).toBe("zstd:3");
    measured(1e15);
    const second = await printed<Copied>(...copy);
    expect(second).toMatchObject({ digest: first.digest, copied: { count: 0 } });
    expect(second).not.toHaveProperty("compression");
  });
});

describe("assemble with compression auto", () => {
  interface Assembled {
    readonly compression?: string;
    readonly images: readonly { readonly digest: string; readonly changed: boolean }[];
  }
  const write = (compression: unknown, more: object = {}): void =>
    project.write("oci-kit.yaml", configuration(project.repository, { compression, ...more }));
  const one = ["assemble", "--config", "oci-kit.yaml", "--arch", "amd64"];

  it("goes by the line to the configured repository, and says which level layers got", async () => {
    write("auto");
    const { stderr } = await project.run(...one);
    expect(stderr).toContain(`zstd:3; the line to ${host} is measured by what is sent now`);
    expect(stderr).toContain("amd64: no layer was there before");
    measured(1e15);
    expect(await printed<Assembled>(...one, "--force")).toMatchObject({ compression: "zstd:1" });
    expect(await printed<Assembled>(...one, "--dry-run", "--force")).toMatchObject({
      compression: "zstd:1",
    });
  });

  it("is up to date whatever the line takes by now, by flag and by file alike", async () => {
    write("auto");
    const first = await printed<Assembled>(...one);
    expect(first.compression).toBe("zstd:3");
    measured(1e15);
    write({ auto: { rate: "4.5MB/s" } });
    for (const words of [[], ["--compression", "auto"], ["--rate", "1kB/s"], ["--dry-run"]]) {
      const { images, compression } = await printed<Assembled>(...one, ...words);
      expect(images[0]!.changed).toBe(false);
      expect(compression).toBeUndefined();
    }
  });

  it("keeps the layers of the tag in a registry from a checkout that has nothing", async () => {
    write("auto");
    const words = [...one, "--output", `${host}/other:1`];
    interface Layers {
      readonly images: readonly { readonly layers: readonly { readonly reused: boolean }[] }[];
    }
    expect(await done(...words)).not.toContain("no layer was there before");
    measured(1e15);
    project.write("data/share/readme", "another");
    const { images } = await printed<Layers>(...words);
    expect(images[0]!.layers.map(({ reused }) => reused)).toEqual([true, false, true]);
  });

  it("goes by the rate in the file, which --rate replaces", async () => {
    write({ auto: { rate: "1000TB/s" } });
    measured(1);
    expect(await printed<Assembled>(...one)).toMatchObject({ compression: "zstd:1" });
    const { stderr } = await project.run(...one, "--force", "--rate", "999TB/s");
    expect(stderr).toContain("no level is as fast as 999 TB/s");
  });

  it("is refused where the images end up in no registry, and says what to type", async () => {
    write("auto", { image: undefined });
    const { status, stderr } = await project.run(...one);
    expect(status).toBe(1);
    expect(stderr).toContain("compression auto: expected a registry as the target, got oci:");
    expect(stderr).toContain("--rate 4.5MB/s");
    await done(...one, "--rate", "1000TB/s");
  });

  it.each([
    [{ auto: { rate: "fast" } }, "compression.auto.rate: expected a rate as 4.5MB/s"],
    [{ auto: { rate: "0MB/s" } }, "compression.auto.rate: expected a rate as 4.5MB/s"],
    [{ auto: {} }, "compression.auto.rate"],
    ["lz4", "compression: expected gzip or zstd"],
  ])("refuses %j in the file", async (compression, message) => {
    write(compression);
    const { status, stderr } = await project.run(...one);
    expect(status).toBe(1);
    expect(stderr).toContain(message);
  });
});
