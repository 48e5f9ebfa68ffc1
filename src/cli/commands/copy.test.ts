// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { damageLayer } from "../../../test/fixtures/damage.ts";
import { createProject, type JsonRan, type Project } from "../../../test/fixtures/project.ts";
import { digestBytes } from "../../bytes/hash.ts";
import { shortDigest } from "../../oci/digest.ts";
import { answer, startFaultyRegistry } from "../../testing/faulty-registry.ts";

interface Copied {
  readonly store: string;
  readonly tag?: string;
  readonly digest: string;
  readonly copied: { readonly count: number; readonly bytes: number };
  readonly skipped: { readonly count: number };
}

const IMAGE = "oci:out/linux-runtime/riscv64";

let project: Project;

beforeEach(async () => {
  project = await createProject();
  expect((await project.run("assemble")).status).toBe(0);
});
afterEach(() => project.remove());

describe("copy", () => {
  it.each(["oci:copied", "oci-archive:copied.tar:v1", "docker-archive:copied.tar:family/image:v1"])(
    "copies an image to %s and from there to a registry",
    async (place) => {
      expect(await project.run("copy", IMAGE, place)).toMatchObject({ status: 0, stderr: "" });
      const target = `${project.repository}:copied`;
      expect(await project.run("copy", place, target)).toMatchObject({ status: 0, stderr: "" });
      expect((await project.run("verify-links", target)).status).toBe(0);
    },
  );

  it("replaces the untagged image of a layout by the next one, so that it stays unambiguous", async () => {
    const nightly = "docker-archive:saved.tar:family/image:nightly";
    for (const name of ["amd64", "riscv64"]) {
      await project.run("copy", "--replace", `oci:out/linux-runtime/${name}`, nightly);
      expect((await project.run("copy", "docker-archive:saved.tar", "oci:saved")).status).toBe(0);
    }
    const { document } = await project.json("inspect", "oci:saved");
    expect(document).toMatchObject({ config: { architecture: "riscv64" } });
    await project.run("config", "oci:saved", "oci:saved", "--env", "A=1");
    await project.run("config", "oci:saved", "oci:saved", "--env", "B=2");
    expect((await project.json("inspect", "oci:saved")).document).toMatchObject({
      config: { config: { Env: ["PATH=/usr/bin", "A=1", "B=2"] } },
    });
  });

  it("adds to a layout that holds several images without replacing any, and one is found by its tag", async () => {
    await project.run("copy", IMAGE, "oci:mixed:kept");
    await project.run("copy", "oci:out/linux-runtime/amd64", "oci:mixed");
    await project.run("copy", "oci:out/linux-runtime/arm64", "oci:mixed");
    const { stderr, status } = await project.run("inspect", "oci:mixed");
    expect(stderr).toContain("expected one image, got 3");
    expect(status).toBe(1);
    expect((await project.run("inspect", "oci:mixed:kept")).status).toBe(0);
  });

  it.each(["Upper/Case:1", "family/image:-1", "a//b", "image@sha256"])(
    "refuses the name %s for a docker-archive, because Docker could not load it, and writes nothing",
    async (name) => {
      const before = project.list();
      const { status, stderr } = await project.run("copy", IMAGE, `docker-archive:x.tar:${name}`);
      expect(stderr).toContain("expected a name that docker loads");
      expect(status).toBe(1);
      expect(project.list()).toEqual(before);
    },
  );

  it("sends no blob that the target has, and says so", async () => {
    const first = (await project.json("copy", IMAGE, project.repository)) as JsonRan<Copied>;
    expect(first.document).toMatchObject({ tag: "latest", copied: { count: 5 } });
    const second = (await project.json("copy", IMAGE, project.repository)) as JsonRan<Copied>;
    expect(second.document).toMatchObject({
      copied: { count: 0, bytes: 0 },
      skipped: { count: 5 },
    });
  });

  it("copies one image of an index by --platform", async () => {
    await project.run("manifest", "push", "latest-cross");
    const words = ["latest-cross", "oci:one", "--platform", "linux/arm64"];
    const { document } = (await project.json("copy", ...words)) as JsonRan<Copied>;
    const arm64 = (await project.json(...["inspect", "oci:out/linux-runtime/arm64"])) as JsonRan<{
      descriptor: { digest: string };
    }>;
    expect(document.digest).toBe(arm64.document.descriptor.digest);
  });

  it("with --dry-run says what it would send, and writes nothing", async () => {
    const before = project.list();
    for (const place of ["oci:copied", "oci-archive:copied.tar:v1", project.repository]) {
      const { status, stdout } = await project.run("copy", IMAGE, place, "--dry-run");
      expect(stdout).toContain("would copy 5 pieces");
      expect(status).toBe(0);
    }
    expect(project.list()).toEqual(before);
    expect((await project.json("tags")).document).toMatchObject({ error: { code: "not-found" } });
  });
});

describe("copy fails with status 1, names the cause and leaves nothing half-written:", () => {
  it("a damaged layer", async () => {
    const damaged = damageLayer("out/linux-runtime/riscv64");
    const before = project.list();
    for (const place of ["oci-archive:copied.tar:v1", "docker-archive:copied.tar:a/b:v1"]) {
      const { status, stderr } = await project.run("copy", IMAGE, place);
      expect(stderr).toContain(damaged);
      expect(status).toBe(1);
    }
    expect(project.list()).toEqual(before);
    expect((await project.run("copy", IMAGE, "oci:copied")).status).toBe(1);
    expect((await project.json("tags", "oci:copied")).document).toMatchObject({ tags: [] });
    const blobs = project.list("copied").filter((name) => name.startsWith("blobs/sha256/"));
    for (const name of blobs.slice(1)) expect(name).toMatch(/^blobs\/sha256\/[0-9a-f]{64}$/);
    expect(blobs).not.toContain(`blobs/${damaged.replace(":", "/")}`);
  });

  it("a registry that lies about a manifest", async () => {
    const said = digestBytes(new TextEncoder().encode("the true manifest"));
    const headers = {
      "content-type": "application/vnd.oci.image.manifest.v1+json",
      "docker-content-digest": said,
    };
    const registry = await startFaultyRegistry([
      { on: /^GET \/v2\/a\/manifests\//, reply: answer(200, headers, "{}") },
      { on: /^HEAD \/v2\/a\/manifests\//, reply: answer(200, headers) },
      { on: "GET /v2/", reply: answer(200) },
    ]);
    const before = project.list();
    try {
      const reference = `${registry.host}/a@${said}`;
      const { status, stderr } = await project.run("copy", reference, "oci:copied");
      expect(stderr).toContain(shortDigest(said));
      expect(stderr).toContain(registry.host);
      expect(status).toBe(1);
    } finally {
      await registry.close();
    }
    expect(project.list()).toEqual(before);
  });

  it("a registry that can't be reached, as source or as target", async () => {
    await project.server.close();
    const before = project.list();
    for (const words of [
      [IMAGE, project.repository],
      [project.repository, "oci:copied"],
    ]) {
      const { status, stderr } = await project.run("copy", ...words);
      expect(stderr).toContain(`127.0.0.1:${project.server.port}`);
      expect(stderr).toContain("  try: ");
      expect(status).toBe(1);
    }
    expect(project.list()).toEqual(before);
  });

  it("a source that does not exist", async () => {
    const before = project.list();
    const { status, stderr } = await project.run("copy", "oci:nowhere", "oci:copied");
    expect(stderr).toContain('"nowhere": expected an OCI layout, got nothing');
    expect(status).toBe(1);
    expect(project.list()).toEqual(before);
  });

  it("a target that holds something else", async () => {
    project.write("full/of", "something");
    const before = project.list();
    const { status, stderr } = await project.run("copy", IMAGE, "oci:full");
    expect(stderr).toContain(
      'expected an OCI layout or an empty directory, got one that holds "of"',
    );
    expect(status).toBe(1);
    expect(project.list()).toEqual(before);
  });
});
