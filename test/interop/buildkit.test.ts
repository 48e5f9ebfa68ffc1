// SPDX-License-Identifier: MIT
import { spawn } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { pruneBuilder } from "../../src/chain/buildkit/builders/prune-builder.ts";
import { provePlatform } from "../../src/chain/buildkit/platforms/prove-platform.ts";
import type { BuildEvent } from "../../src/chain/buildkit/progress/build-event.ts";
import { pushBuilt } from "../../src/chain/buildkit/push/push-built.ts";
import { fromText } from "../../src/bytes/byte-string.ts";
import { readImage, type Image } from "../../src/image/image.ts";
import { openRepository } from "../../src/registry/repository.ts";
import { serveRegistry } from "../../src/server/serve.ts";
import { openImageFilesystem } from "../../src/rootfs/image-filesystem.ts";
import { openOciArchive } from "../../src/store/archive/oci-archive.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { buildImage } from "../../src/testing/build-image.ts";
import { startBuildPlace, type BuildPlace } from "./buildkit.ts";
import { runPeer } from "./peers.ts";

let place: BuildPlace;
beforeAll(async () => {
  place = await startBuildPlace();
});
afterAll(() => place.close());

async function readBuilt(stage: string): Promise<Image> {
  const store = await openLayout(place.scratch.path("built", stage));
  const [root] = await store.capabilities.roots();
  return readImage(store, root!);
}

describe("a build", () => {
  it("from an image of a layout by its digest, with everything that a request can say", async () => {
    const events: BuildEvent[] = [];
    const outcome = await place.build(
      "whole",
      [],
      {
        target: "first",
        buildArgs: { WORD: "a,b \"c\" $d 'e'" },
        labels: { "org.example.label": 'x,"y"' },
        annotations: { "org.example.note": "a,b=c" },
        addHosts: { "builder.example": "127.9.8.7" },
        output: {
          kind: "layout",
          directory: place.scratch.path("built", "whole"),
          compression: "zstd",
        },
        dockerfile: writeDockerfile("whole-target", [
          "FROM base AS first",
          "ARG WORD",
          'RUN echo "$WORD" >/word; cat /etc/hosts >/seen-hosts',
          "FROM base",
          "RUN exit 9",
        ]),
      },
      { onProgress: (event) => events.push(event) },
    );
    const image = await readBuilt("whole");
    expect(outcome.descriptor.digest).toBe(image.descriptor.digest);
    const told = await runPeer("skopeo", [
      "inspect",
      `oci:${place.scratch.path("built", "whole")}`,
    ]);
    expect(JSON.parse(told)).toMatchObject({ Digest: outcome.descriptor.digest });
    const [first, second] = image.manifest.value.layers;
    expect(first?.digest).toBe(place.base.layers[0]?.digest);
    expect(second?.mediaType).toBe("application/vnd.oci.image.layer.v1.tar+zstd");
    expect(image.config.value.config?.Labels).toMatchObject({ "org.example.label": 'x,"y"' });
    expect(image.manifest.value.annotations).toMatchObject({ "org.example.note": "a,b=c" });
    expect(await readFile(image, "/word")).toBe("a,b \"c\" $d 'e'\n");
    expect(await readFile(image, "/seen-hosts")).toMatch(/^127\.9\.8\.7\s+builder\.example$/m);
    expect(outcome).toMatchObject({ remarks: [] });
    expect(outcome.bytes).toBeGreaterThan(500_000);
    expect(outcome.steps).toBeGreaterThan(3);
    const kinds = events.map(({ kind }) => kind);
    expect(kinds).toContain("transfer");
    // No step copies from the context, so that nothing of it is sent.
    expect(kinds).not.toContain("context-sent");
    const finished = events.flatMap((event) => (event.kind === "step-finished" ? [event] : []));
    expect(finished.at(-1)?.count).toEqual({ finished: outcome.steps, known: outcome.steps });
    expect(readdirSync(place.scratch.path("built"))).toEqual(["whole"]);
    expect(place.leftContexts()).toEqual([]);
  });

  it("from two layouts at once, each by a digest of its own", async () => {
    const second = await openLayout(place.scratch.path("second"), { create: true });
    const other = await buildImage(second, { layers: [{ "opt/tool": "tool 2\n" }] });
    const later = await buildImage(second, { layers: [{ "opt/tool": "tool 3\n" }] });
    await second.tag(other.descriptor, "old");
    await second.tag(later.descriptor, "new");
    await place.build("two", ["COPY --from=tools /opt/tool /opt/tool"], {
      contexts: {
        tools: { kind: "layout", path: second.directory, digest: other.descriptor.digest },
      },
    });
    expect(await readFile(await readBuilt("two"), "/opt/tool")).toBe("tool 2\n");
  });

  it("forwards an agent of SSH to the steps that mount it, and to no others", async () => {
    const socket = place.scratch.path("agent.sock");
    const agent = spawn("ssh-agent", ["-D", "-a", socket]);
    try {
      await vi.waitUntil(() => existsSync(socket), { timeout: 10_000 });
      const lines = [
        'RUN --mount=type=ssh,id=keys [ -S "$SSH_AUTH_SOCK" ] && echo there >/with',
        'RUN [ -S "$SSH_AUTH_SOCK" ] || echo none >/without',
      ];
      await place.build("ssh", lines, { ssh: [{ id: "keys", socket }] });
    } finally {
      agent.kill();
    }
    const image = await readBuilt("ssh");
    expect(await readFile(image, "/with")).toBe("there\n");
    expect(await readFile(image, "/without")).toBe("none\n");
  });

  it("with attestations is an index, and its digest is the index's own", async () => {
    const outcome = await place.build("attested", ["RUN echo 1 >/1"], {
      attestations: "provenance",
    });
    expect(outcome.descriptor.mediaType).toBe("application/vnd.oci.image.index.v1+json");
    const store = await openLayout(place.scratch.path("built", "attested"));
    expect((await store.capabilities.roots())[0]?.digest).toBe(outcome.descriptor.digest);
  });

  it("into an archive is pushed by us, by its digest and under a tag", async () => {
    const file = place.scratch.path("built", "archive.tar");
    const output = { kind: "archive", file } as const;
    const built = await place.build("archive", ["COPY --from=base /bin/cat /cat"], { output });
    const archive = await openOciArchive(file);
    const server = await serveRegistry({ directory: place.scratch.path("registry") });
    try {
      const registry = `127.0.0.1:${server.port}`;
      const repository = openRepository({ registry, repository: "built/image" });
      const { digest } = built.descriptor;
      await pushBuilt(archive, built.descriptor, repository);
      expect((await repository.resolve(digest)).digest).toBe(digest);
      await pushBuilt(archive, built.descriptor, repository, { tag: "1" });
      expect((await runPeer("crane", ["digest", `${registry}/built/image:1`])).trim()).toBe(digest);
    } finally {
      await archive.close();
      await server.close();
    }
  });
});

describe("a secret", () => {
  it("reaches its step, and neither the command line, the log nor the image", async () => {
    const file = place.scratch.path("token");
    writeFileSync(file, "file-secret-0815\n");
    process.env["OCI_KIT_TEST_TOKEN"] = "env-secret-4711";
    await place.build(
      "secret",
      [
        "RUN --mount=type=secret,id=a --mount=type=secret,id=b cat /run/secrets/a /run/secrets/b; " +
          "grep -q 0815 /run/secrets/a && grep -q 4711 /run/secrets/b && echo found >/found",
      ],
      {
        secrets: [
          { id: "a", file },
          { id: "b", env: "OCI_KIT_TEST_TOKEN" },
        ],
      },
    );
    const image = await readBuilt("secret");
    expect(await readFile(image, "/found")).toBe("found\n");
    expect(place.log("secret")).toMatch(/\*\*\*/);
    expect(place.log("secret")).not.toMatch(/0815\n|secret-4711/);
    expect(JSON.stringify([image.config.value, image.manifest.value])).not.toMatch(/secret-/);
  });
});

describe("a build that fails", () => {
  it("names the step and what it printed last; a number in it is no registry that asks to wait", async () => {
    const failing = place.build("failing", [
      "RUN echo fine >/fine",
      "RUN echo '429 Too Many Requests \u001b[31m'; echo broken >&2; exit 7",
    ]);
    await expect(failing).rejects.toMatchObject({
      code: "build-failed",
      part: "step",
      transient: false,
      step: { name: expect.stringMatching(/^\[\S* ?\d\/\d\] RUN echo '429/) as string },
      message: expect.stringMatching(
        /exit code: 7\n {4}429 Too.*\\x1b\[31m\n {4}broken$/s,
      ) as string,
      hint: expect.stringContaining("failing.log") as string,
    });
    expect(place.log("failing")).toMatch(/^#\d+ broken$/m);
    expect(existsSync(place.scratch.path("built", "failing"))).toBe(false);
    expect(place.leftContexts()).toEqual([]);
    const again = await place.build("failing", ["RUN echo fine >/fine", "RUN echo now"]);
    expect(again.cachedSteps).toBeGreaterThanOrEqual(1);
  });

  it("for want of an image says which, and that it may pass when nobody answers", async () => {
    const contexts = { gone: { kind: "image", reference: "127.0.0.1:9/a/b:1" } } as const;
    const failing = place.build("absent", ["COPY --from=gone / /gone"], { contexts });
    await expect(failing).rejects.toMatchObject({ part: "source", transient: true });
  });
});

describe("the builder's cache", () => {
  it("is exported to a place that does not grow, and a builder that forgot everything reads it", async () => {
    const caches = [{ kind: "local", directory: place.scratch.path("caches", "scope") }] as const;
    const change = { cacheFrom: caches, cacheTo: caches };
    const lines = ["RUN --mount=type=cache,target=/kept echo slow >/slow"];
    const first = await place.build("cache", lines, change);
    const blobs = (): number =>
      readdirSync(place.scratch.path("caches", "scope", "blobs", "sha256")).length;
    const before = blobs();
    const planned = await pruneBuilder(place.builder, { dryRun: true });
    expect(planned.records).toBeGreaterThan(0);
    const pruned = await pruneBuilder(place.builder);
    expect(pruned.cacheMounts).toBeGreaterThanOrEqual(1);
    expect(pruned.records).toBeGreaterThan(0);
    expect(pruned.bytes).toBeGreaterThan(0);
    const change2 = { ...change, output: directory("cache-2") };
    const second = await place.build("cache", lines, change2);
    expect(second.cachedSteps).toBeGreaterThanOrEqual(1);
    expect((await readBuilt("cache-2")).manifest.value.layers).toEqual(
      (await readBuilt("cache")).manifest.value.layers,
    );
    expect(first.descriptor.digest).toMatch(/^sha256:/);
    expect(blobs()).toBe(before);
    expect(readdirSync(place.scratch.path("caches"))).toEqual(["scope"]);
  });
});

describe("a platform", () => {
  it("is proved by running a program of it", async () => {
    const contexts = place.scratch.path("cache");
    await provePlatform(place.builder, { os: "linux", architecture: "amd64" }, { contexts });
    expect(place.leftContexts()).toEqual([]);
  });

  it("that the builder can't run is refused, with what to type", async () => {
    const contexts = place.scratch.path("cache");
    if (existsSync("/proc/sys/fs/binfmt_misc/qemu-s390x")) return;
    const proved = provePlatform(
      place.builder,
      { os: "linux", architecture: "s390x" },
      { contexts },
    );
    await expect(proved).rejects.toMatchObject({
      code: "unsupported-operation",
      message: expect.stringContaining("exec format error") as string,
      hint: expect.stringContaining("binfmt --install s390x") as string,
    });
  });
});

function directory(name: string): { readonly kind: "layout"; readonly directory: string } {
  return { kind: "layout", directory: place.scratch.path("built", name) };
}

function writeDockerfile(name: string, lines: readonly string[]): string {
  const file = place.scratch.path(`${name}.Dockerfile`);
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

async function readFile(image: Image, path: string): Promise<string> {
  const filesystem = await openImageFilesystem(image);
  const chunks: Uint8Array[] = [];
  for await (const chunk of filesystem.read(fromText(path))) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
