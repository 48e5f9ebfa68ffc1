// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ARCHITECTURES, TAG, family } from "../../../test/fixtures/push.ts";
import { sourceOf } from "../../bytes/bytes.ts";
import { pushArtifact } from "../../convert/artifact/push-artifact.ts";
import { digestOf } from "../../oci/digest.ts";
import { formatJson } from "../../oci/json.ts";
import { MediaType } from "../../oci/media-types.ts";
import { planIndexPush } from "../../publish/plan-push.ts";
import { pushIndex } from "../../publish/push-index.ts";
import { openRepository, type RepositoryStore } from "../../registry/repository.ts";
import { buildImage, buildIndex } from "../../testing/build-image.ts";
import { startRegistry, type TestRegistry } from "../../testing/registry/start-registry.ts";
import { createMemoryStore } from "../memory-store.ts";
import { copy } from "./copy.ts";
import type { CopyEvent } from "./transfer.ts";

let registry: TestRegistry;
beforeEach(async () => {
  registry = await startRegistry();
});
afterEach(() => registry.close());

const repository = (): RepositoryStore =>
  openRepository({ registry: registry.host, repository: "app" });
const puts = (): string[] =>
  registry.requests.filter((line) => line.startsWith("PUT /v2/app/manifests/"));
const PUT = "PUT /v2/app/manifests/";

describe("a manifest that is sent to a registry under a tag", () => {
  it("is sent once by a copy, its children by their digests, and both are found by digest", async () => {
    const source = createMemoryStore();
    const image = await buildImage(source, { layers: [{ file: "content" }] });
    const root = await buildIndex(source, [image]);
    const events: CopyEvent[] = [];
    const onProgress = (event: CopyEvent) => void events.push(event);
    const { copied } = await copy(source, root, repository(), { tag: "1", onProgress });
    expect(puts()).toEqual([PUT + image.descriptor.digest, `${PUT}1`]);
    expect(copied.count).toBe(4);
    expect(events.at(-1)).toEqual({ kind: "tagged", tag: "1", descriptor: root });
    for (const reference of ["1", root.digest, image.descriptor.digest]) {
      await repository().resolve(reference);
    }
    await copy(source, root, repository(), { tag: "2" });
    expect(puts().slice(2)).toEqual([`${PUT}2`]);
    await copy(source, root, repository(), { tag: "3", dryRun: true });
    expect(puts()).toHaveLength(3);
  });

  it("is not there after a copy whose tag was refused, and is sent by the next one", async () => {
    const source = createMemoryStore();
    const { descriptor } = await buildImage(source, { layers: [{ file: "content" }] });
    registry.fail({ on: { method: "PUT", by: "tag" }, does: { kind: "answer", status: 403 } });
    const refused = copy(source, descriptor, repository(), { tag: "1" });
    await expect(refused).rejects.toMatchObject({ code: "unauthorized" });
    expect(await repository().exists(descriptor)).toBe(false);
    registry.heal();
    await copy(source, descriptor, repository(), { tag: "1" });
    expect((await repository().resolve("1")).digest).toBe(descriptor.digest);
  });

  it("is sent by its digest too where that is no sha256, under which a registry stores what has a tag", async () => {
    const source = createMemoryStore();
    const { config, layers } = await buildImage(source, { layers: [{ file: "content" }] });
    const mediaType = MediaType.manifest;
    const bytes = formatJson({ schemaVersion: 2, mediaType, config, layers });
    const hex = createHash("sha512").update(bytes).digest("hex");
    const root = { mediaType, digest: digestOf("sha512", hex), size: bytes.length };
    await source.push(root, sourceOf(bytes));
    await copy(source, root, repository(), { tag: "1" });
    expect(puts()).toEqual([PUT + root.digest, `${PUT}1`]);
  });

  it("is none where the root is a blob: that can have no tag there, and is not said to have one", async () => {
    const source = createMemoryStore();
    const root = await source.ingest("application/x.test", sourceOf(Buffer.from("content")).open());
    const events: CopyEvent[] = [];
    const onProgress = (event: CopyEvent) => void events.push(event);
    const copying = copy(source, root, repository(), { tag: "1", onProgress });
    await expect(copying).rejects.toMatchObject({ code: expect.any(String) as unknown });
    expect(events.map(({ kind }) => kind)).not.toContain("tagged");
  });

  it("is sent once by a push of an index, however many names it gets", async () => {
    const children = await family();
    const named = { tag: TAG, aliases: ["alias"], architectures: ARCHITECTURES, children };
    const plan = await planIndexPush({ ...named, target: repository() });
    const { index } = await pushIndex(plan);
    expect(puts()).not.toContain(PUT + index.digest);
    for (const name of [TAG, "alias"]) {
      expect(puts().filter((line) => line === PUT + name)).toHaveLength(1);
    }
    for (const name of [TAG, "alias"]) {
      expect((await repository().resolve(name)).digest).toBe(index.digest);
    }
  });

  it("is sent once by a push of an artifact", async () => {
    const directory = mkdtempSync(join(tmpdir(), "oci-kit-once-"));
    try {
      const path = join(directory, "file");
      writeFileSync(path, "content");
      const to = `${registry.host}/app:1`;
      const options = { artifactType: "application/x.test" };
      const { descriptor } = await pushArtifact(to, [{ path }], options);
      expect(puts()).toEqual([`${PUT}1`]);
      expect((await repository().resolve(descriptor.digest)).digest).toBe(descriptor.digest);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
