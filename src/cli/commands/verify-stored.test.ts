// SPDX-License-Identifier: MIT
import {
  chmodSync,
  cpSync,
  mkdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProject, type JsonRan, type Project } from "../../../test/fixtures/project.ts";
import { digestBytes } from "../../bytes/hash.ts";
import type { Digest } from "../../oci/digest.ts";
import { openLayout } from "../../store/layout/layout.ts";
import { buildImage, buildIndex, type BuiltImage } from "../../testing/build-image.ts";

interface Verified {
  readonly ok: boolean;
  readonly checked: number;
  readonly absent: readonly string[];
  readonly findings: readonly { readonly code: string; readonly digest: string }[];
}

let project: Project;
let one: BuiltImage;
let two: BuiltImage;
let index: Digest;

beforeEach(async () => {
  project = await createProject();
  // What images are here keeps no policy.
  rmSync("linux", { recursive: true });
  const store = await openLayout("image", { create: true });
  one = await buildImage(store, { layers: [{ "etc/name": "one" }], tag: "one" });
  const platform = { os: "linux", architecture: "riscv64" };
  two = await buildImage(store, { layers: [{ "etc/name": "two" }], platform });
  ({ digest: index } = await buildIndex(store, [one, two], { tag: "both" }));
});
afterEach(() => project.remove());

const fileOf = (digest: string, layout = "image"): string =>
  join(layout, "blobs", ...digest.split(":"));

function zero(digest: string): void {
  const { size } = statSync(fileOf(digest));
  chmodSync(fileOf(digest), 0o644);
  writeFileSync(fileOf(digest), new Uint8Array(size));
}

async function verify(reference: string): Promise<JsonRan<Verified>> {
  return (await project.json("verify", reference)) as JsonRan<Verified>;
}

describe("verify of a layout", () => {
  it("says that every blob is right, and what was looked at in each image", async () => {
    const { status, stdout } = await project.run("verify", "oci:image");
    const [first, second, last] = stdout.split("\n");
    expect(first).toMatch(/^oci:image@sha256:\w+ linux\/amd64: +1 layer  3 paths .* all right$/);
    expect(second).toMatch(/^oci:image@sha256:\w+ linux\/riscv64: +1 layer .* all right$/);
    expect(last).toMatch(/^oci:image: verified 7 pieces, .*: all right$/);
    expect(status).toBe(0);
  });

  it("finds a layer overwritten with zeros, a truncated layer and a missing blob, and says how to repair them", async () => {
    const [layer, other] = [one.layers[0]!.digest, two.layers[0]!.digest];
    zero(layer);
    chmodSync(fileOf(other), 0o644);
    truncateSync(fileOf(other), 10);
    rmSync(fileOf(two.config.digest));
    const { status, document } = await verify("oci:image");
    expect(status).toBe(2);
    expect(document.ok).toBe(false);
    expect(document.findings.map(({ code, digest }) => [code, digest]).sort()).toEqual(
      [
        ["damaged", layer],
        ["damaged", other],
        ["missing", two.config.digest],
      ].sort(),
    );
    const { stdout } = await project.run("verify", "oci:image");
    expect(stdout).toContain("mend it: oci-kit copy --verify-present SRC DST");
  });

  it("passes again after the repair that it suggests", async () => {
    cpSync("image", "sound", { recursive: true });
    zero(one.layers[0]!.digest);
    zero(index);
    expect((await verify("oci:image")).status).toBe(2);
    const words = ["--verify-present", "oci:sound:both", "oci:image:both"];
    expect(await project.run("copy", ...words)).toMatchObject({ status: 0 });
    expect((await verify("oci:image")).document).toMatchObject({ ok: true, checked: 7 });
  });

  it("finds damage in an unreferenced blob, but with a tag checks only the image of the tag", async () => {
    const stray = digestBytes(new TextEncoder().encode("stray"));
    writeFileSync(fileOf(stray), "other");
    expect((await verify("oci:image")).document.findings).toMatchObject([
      { code: "damaged", digest: stray },
    ]);
    expect((await verify("oci:image:one")).document).toMatchObject({ ok: true, checked: 3 });
  });

  it("finds a blob that is a directory, and a missing image of an index", async () => {
    const file = fileOf(one.layers[0]!.digest);
    rmSync(file);
    mkdirSync(file);
    rmSync(fileOf(two.descriptor.digest));
    const { status, document } = await verify("oci:image");
    expect(document.findings.map(({ code }) => code).sort()).toEqual(["damaged", "missing"]);
    expect(status).toBe(2);
  });

  it("exits with 1 when the layout is empty or does not exist", async () => {
    await openLayout("empty", { create: true });
    for (const place of ["oci:empty", "oci:nowhere"]) {
      expect(await project.run("verify", place)).toMatchObject({ status: 1, stdout: "" });
    }
  });
});

describe("verify of an archive", () => {
  it("reads and hashes every blob", async () => {
    await project.run("copy", "oci:image:both", "oci-archive:both.tar:both");
    expect((await verify("oci-archive:both.tar")).document).toMatchObject({ ok: true, checked: 7 });
  });

  it("does not report an image that docker save left out as a fault", async () => {
    rmSync(fileOf(two.descriptor.digest));
    const { spawnSync } = await import("node:child_process");
    const tar = spawnSync("tar", ["-C", "image", "-cf", "sparse.tar", "."]);
    expect(tar.status).toBe(0);
    const { status, document } = await verify("oci-archive:sparse.tar");
    expect([status, document.absent]).toEqual([0, [two.descriptor.digest]]);
  });
});

it("verify of a reference to a registry reads every blob of the image", async () => {
  await project.run("copy", "oci:image:both", `${project.repository}:both`);
  const { document } = await verify(`${project.repository}:both`);
  expect(document).toMatchObject({ ok: true, checked: 7 });
});

describe("verify of an image that would not start", () => {
  it("says why, exits with 2, and escapes what the image says", async () => {
    const store = await openLayout("broken", { create: true });
    const config = { Entrypoint: ["/gone\u001b[31m"], User: "nobody" };
    await buildImage(store, { layers: [{ "etc/name": "one" }], config, tag: "1" });
    const { status, stdout } = await project.run("verify", "oci:broken");
    expect(status).toBe(2);
    expect(stdout).not.toContain("\u001b");
    expect(stdout).toContain("error  user-missing     /etc/passwd: expected the user nobody, got");
    expect(stdout).toContain("error  command-missing  /gone\\x1b[31m: the entrypoint /gone");
    const { document } = await verify("oci:broken");
    expect(document).toMatchObject({
      ...{ ok: false, checked: 3, findings: [] },
      images: [{ ok: false, findings: [{ code: "user-missing" }, { code: "command-missing" }] }],
    });
  });

  it("may be a root filesystem on the disk, which has no content to hash", async () => {
    mkdirSync("root/usr/bin", { recursive: true });
    const nothing = await project.run("verify", "dir:root");
    expect([nothing.status, nothing.stdout]).toEqual([1, ""]);
    writeFileSync("root/usr/bin/run", "#!/bin/sh\n", { mode: 0o755 });
    const { status, stdout } = await project.run("verify", "dir:root");
    expect(status).toBe(2);
    expect(stdout).toContain("/usr/bin/run: is run by /bin/sh: /bin is not there");
  });
});
