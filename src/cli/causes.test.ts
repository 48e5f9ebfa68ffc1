// SPDX-License-Identifier: MIT
import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createImagesProject, type ImagesProject } from "../../test/fixtures/images-project.ts";

let project: ImagesProject;

beforeEach(async () => {
  project = await createImagesProject();
});
afterEach(() => project.remove());

/** Truncates the last layer of `oci:images:one` and returns its digest. */
async function cutLayer(): Promise<string> {
  const { manifest } = await project.inspected("oci:images:one");
  const { digest, size } = manifest.layers.at(-1)!;
  truncateSync(join("images/blobs", digest.replace(":", "/")), size - 1);
  return digest;
}

describe("the message says what is really wrong:", () => {
  it("a truncated layer is called cut short, not missing, even when its layer index is cached", async () => {
    expect((await project.run("export", "oci:images:one", "-o", "first.tar")).status).toBe(0);
    const digest = await cutLayer();
    for (const words of [
      ["export", "oci:images:one", "-o", "second.tar"],
      ["unpack", "oci:images:one", "unpacked"],
      ["copy", "oci:images:one", "oci:copied"],
    ]) {
      const { status, stderr } = await project.run(...words);
      expect(stderr).toMatch(new RegExp(`${digest}: expected \\d+ bytes`));
      expect(stderr).toContain("cut short");
      expect(status).toBe(1);
    }
  });

  it("a file or a directory that is not there is told in words, with the place it was looked for", async () => {
    const read = await project.run("inspect", "oci-archive:nothere.tar");
    expect(read.stderr).toContain("got no such file or directory (ENOENT)\n");
    expect(read.stderr).toContain(`It was looked for from ${process.cwd()}`);
    const written = await project.run("export", "oci:images:one", "-o", "nowhere/x.tar");
    expect(written.stderr).toContain("got no such file or directory (ENOENT)\n");
    expect(written.stderr).toMatch(/Is there a directory .*nowhere\? If not, make it first/);
  });

  it("a manifest that a layout names and lacks is that, with the command that lists all such", async () => {
    const { stdout } = await project.run("copy", "oci:images:one", "oci:elsewhere");
    const [digest = ""] = /sha256:[0-9a-f]{64}/.exec(stdout) ?? [];
    rmSync(join("images/blobs", digest.replace(":", "/")));
    for (const words of [["inspect"], ["unpack"], ["copy"]]) {
      const to = words[0] === "inspect" ? [] : words[0] === "copy" ? ["oci:copied"] : ["unpacked"];
      const { status, stderr } = await project.run(...words, "oci:images:one", ...to);
      expect(stderr).toContain(`expected the content of ${digest}, which the layout names`);
      expect(stderr).toContain("oci-kit verify oci:images lists all that is missing");
      expect(status).toBe(1);
    }
  });

  it("a text file given as a layer is called no tar, not a truncated one", async () => {
    for (const text of ["hello", "a line of text\n".repeat(100)]) {
      project.write("notes.txt", text);
      const words = ["append", "oci:images:one", "oci:new", "--layer", "notes.txt"];
      const { status, stderr } = await project.run(...words);
      expect(stderr).toContain('"notes.txt": expected a tar, plain or compressed');
      expect(stderr).toContain(JSON.stringify(text.slice(0, 24)));
      expect(stderr).toContain("--layer DIR");
      expect(status).toBe(1);
    }
  });

  it("an index.json that is not JSON is reported with its path", async () => {
    writeFileSync("images/index.json", readFileSync("images/index.json", "utf8").slice(0, -9));
    const { status, stderr } = await project.run("inspect", "oci:images:one");
    expect(stderr).toContain("images/index.json: expected JSON");
    expect(status).toBe(1);
  });

  it("an archive given as a layout is called a file, with the schemes for archives as a hint", async () => {
    await project.run("copy", "oci:images:one", "oci-archive:app.tar:v1");
    for (const reference of ["oci:app.tar", "oci:app.tar:v1", "./app.tar"]) {
      const { status, stderr } = await project.run("inspect", reference);
      expect(stderr).toMatch(/app\.tar": expected an OCI layout, which is a directory, got a file/);
      expect(stderr).toMatch(/oci-archive:(\.\/)?app\.tar or docker-archive:/);
      expect(status).toBe(1);
    }
  });

  it.each([
    ["alpine:3", "docker.io/library/alpine:3"],
    ["library/alpine:3", "docker.io/library/alpine:3"],
    ["nginx/nginx-ingress", "docker.io/nginx/nginx-ingress"],
    ["https://ghcr.io/a/b:1", "has no scheme: ghcr.io/a/b:1"],
  ])("for Docker's short form %s the hint is %s", async (reference, told) => {
    const { status, stderr } = await project.run("inspect", reference);
    expect(stderr).toContain(told);
    expect(status).toBe(1);
  });

  it("an option given twice is refused unless it may be repeated", async () => {
    const twice = ["inspect", "oci:images:all", "--platform", "a/b", "--platform", "c/d"];
    const { status, stderr } = await project.run(...twice);
    expect(stderr).toContain("--platform: expected it once, got it twice");
    expect(status).toBe(1);
    const labels = ["--label", "a=1", "--label", "b=2"];
    expect((await project.run("config", "oci:images:one", "oci:new", ...labels)).status).toBe(0);
  });

  it("a digest printed in a result can be used in the next command", async () => {
    const { stdout } = await project.run("copy", "oci:images:one", "oci:copied:one");
    const digest = /sha256:[0-9a-f]{64}/.exec(stdout)?.[0];
    expect((await project.run("inspect", `oci:copied@${digest!}`)).status).toBe(0);
  });
});
