// SPDX-License-Identifier: MIT
import { existsSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProject, type JsonRan, type Project } from "../../../test/fixtures/project.ts";
import { fromText } from "../../bytes/byte-string.ts";
import type { UnpackResult } from "../../convert/unpack/unpack-options.ts";
import { parseDigest } from "../../oci/digest.ts";
import { unpackOutcome } from "./unpack-text.ts";

interface Unpacked {
  readonly directory: string;
  readonly sidecar: string;
  readonly written: number;
  readonly changed: number;
  readonly kept: number;
  readonly removed: number;
  readonly proof?: { readonly compared: number; readonly contents: number };
  readonly plan?: { readonly written: readonly string[] };
  readonly refusals: { readonly owner?: string };
}

const IMAGE = "oci:out/linux-runtime/riscv64";
const ROOT = "out/rootfs";

let project: Project;

beforeEach(async () => {
  project = await createProject();
  expect((await project.run("assemble")).status).toBe(0);
});
afterEach(() => project.remove());

const unpack = async (...words: string[]): Promise<JsonRan<Unpacked>> =>
  (await project.json("unpack", ...words)) as JsonRan<Unpacked>;

describe("unpack", () => {
  it("makes a directory the root filesystem of an image, and says what it compared", async () => {
    const { status, stdout, stderr } = await project.run("unpack", IMAGE, ROOT);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/rootfs sha256:\w+: \d+ paths written, 0 changed, 0 kept, 0 removed/);
    expect(stdout).toMatch(/compared \d+ paths and the contents of \d+ files .*: all as in the/);
    expect(readlinkSync(join(project.directory, ROOT, "usr/bin/cc"))).toBe("/opt/gcc/bin/gcc");
    expect((await project.run("verify-links", `dir:${ROOT}`)).status).toBe(0);
  });

  it("writes only what differs the second time", async () => {
    const first = await unpack(IMAGE, ROOT);
    const file = join(project.directory, ROOT, "opt/gcc/bin/gcc");
    const content = readFileSync(file);
    writeFileSync(file, "damaged");
    const { document } = await unpack(IMAGE, ROOT);
    expect(document).toMatchObject({ written: 0, changed: 1, removed: 0 });
    expect(document.kept).toBe(first.document.written);
    expect(readFileSync(file).equals(content)).toBe(true);
  });

  it("with --dry-run lists what it would write, and writes nothing", async () => {
    const before = project.list();
    const { document } = await unpack(IMAGE, ROOT, "--dry-run");
    expect(document.plan!.written).toContain("/usr/bin/cc");
    expect(document.proof).toBeUndefined();
    const { stdout } = await project.run("unpack", IMAGE, ROOT, "--dry-run");
    expect(stdout).toMatch(/^write {2}\/usr\/bin\/cc$/m);
    expect(stdout).toMatch(/paths would be written/);
    expect(project.list()).toEqual(before);
  });

  it("unpacks only some paths, or one layer", async () => {
    await unpack(IMAGE, ROOT, "--include", "./usr/bin", "--include", "opt/*/bin");
    const paths = project.list(ROOT);
    expect(paths.some((path) => path.endsWith("usr/bin/cc"))).toBe(true);
    expect(paths.some((path) => path.includes("usr/share"))).toBe(false);
    await unpack(IMAGE, "out/layer", "--layer", "2", "--exact");
    expect(existsSync(join(project.directory, "out/layer/usr/bin/cc"))).toBe(false);
    expect(existsSync(join(project.directory, "out/layer.oci-kit/layers/2"))).toBe(true);
  });

  it("with --no-proof compares no contents", async () => {
    const { document } = await unpack(IMAGE, ROOT, "--no-proof");
    expect(document.proof).toMatchObject({ contents: 0 });
    const { stdout } = await project.run("unpack", IMAGE, ROOT, "--no-proof");
    expect(stdout).toMatch(/compared \d+ paths, no contents: all as in the image/);
  });

  it("says what is kept in the sidecar, and why", async () => {
    const words = ["--no-same-owner", "--uid-map", "0:100000:65536", "--gid-map", "0:100000"];
    const { document } = await unpack(IMAGE, ROOT, ...words, "--rootlesscontainers");
    expect(document.refusals.owner).toBeDefined();
  });

  it.each([
    [["--layer", "x"], /--layer: expected a layer's number/],
    [["--layer", "99"], /expected a layer's number from 0 to \d+, got 99/],
    [["--uid-map", "0"], /ID map: expected IMAGE:DISK/],
    [["--include", "nothing/here"], /something that matches "nothing\/here", got nothing/],
    [["--include", "[a"], /pattern/],
  ])("refuses %j, and says why", async (words, message) => {
    const { status, stderr } = await project.run("unpack", IMAGE, ROOT, ...words);
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
    expect(existsSync(join(project.directory, ROOT))).toBe(false);
  });

  it("refuses a directory that holds something else", async () => {
    const { status, stderr } = await project.run("unpack", IMAGE, "gcc");
    expect(status).toBe(1);
    expect(stderr).toMatch(/expected an empty directory or one that was unpacked before/);
  });

  it("takes one image of an index by --platform", async () => {
    await project.run("manifest", "push", "latest");
    const { status } = await project.run("unpack", "latest", ROOT);
    expect(status).toBe(1);
    const { document } = await unpack("latest", ROOT, "--platform", "linux/arm64");
    expect(document.written).toBeGreaterThan(0);
  });
});

describe("the outcome of an unpack", () => {
  const digest = parseDigest(`sha256:${"a".repeat(64)}`);
  const result: UnpackResult = {
    directory: "/d",
    sidecar: "/d.oci-kit",
    image: { mediaType: "application/vnd.oci.image.manifest.v1+json", digest, size: 1 },
    dryRun: false,
    counts: { written: 2, changed: 0, kept: 0, removed: 0 },
    bytes: 3,
    proof: {
      compared: 3,
      contents: 1,
      contentBytes: 3,
      held: { owner: 2, type: 0, mode: 0, time: 1, xattrs: 0 },
      unreadXattrs: 0,
      differences: [
        { path: fromText("/a\n"), kind: "missing", fields: [] },
        {
          path: fromText("/b"),
          kind: "different",
          fields: [{ field: "mode", expected: "0644", got: "0600" }],
        },
      ],
    },
    refusals: {
      owner: "only root can",
      special: new Map([["block", "not permitted"]]),
      xattrs: new Map([[fromText("user.a"), "not supported"]]),
    },
    plan: undefined,
  };

  it("has exit status 2 and lists the paths that differ", () => {
    const { status, lines, document } = unpackOutcome(result);
    const text = lines.join("\n");
    expect(status).toBe(2);
    expect(text).toContain("2 not as in the image, so the directory is not whole");
    expect(text).toContain("  /a\\n: missing\n  /b: mode: expected 0644, got 0600");
    expect(document).toMatchObject({ proof: { differences: [{ path: "/a\\n" }, { path: "/b" }] } });
  });

  it("names what only the sidecar keeps, with the reasons", () => {
    expect(unpackOutcome(result).lines.join("\n")).toContain(
      [
        "kept in /d.oci-kit: owner of 2, time of 1",
        "  owners: only root can",
        "  block: not permitted",
        "  user.a: not supported",
      ].join("\n"),
    );
  });

  it("lists the first differences and counts the others", () => {
    const [first] = result.proof!.differences;
    const differences = Array.from({ length: 60 }, () => first!);
    const { lines } = unpackOutcome({ ...result, proof: { ...result.proof!, differences } });
    expect(lines.join("\n")).toContain("and 10 more (--json lists all)");
  });
});
