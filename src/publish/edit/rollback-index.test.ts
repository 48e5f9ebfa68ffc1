// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { putImage } from "../../../test/fixtures/family.ts";
import { ARCHITECTURES, family, plan } from "../../../test/fixtures/push.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import { parseDigest } from "../../oci/digest.ts";
import { previousIndexes } from "../../oci/index-history.ts";
import { openRepository } from "../../registry/repository.ts";
import { serveRegistry, type RegistryServer } from "../../server/serve.ts";
import { openLayout } from "../../store/layout/layout.ts";
import { collectGarbage } from "../../store/prune/collect-garbage.ts";
import { pruneRepository } from "../../store/prune/prune-repository.ts";
import { readIndex } from "../../store/read-documents.ts";
import type { ContentStore } from "../../store/store.ts";
import { pushIndex } from "../push-index.ts";
import { repairIndex } from "./repair-index.ts";
import { rollbackIndex } from "./rollback-index.ts";

const TAG = "latest-cross";
const aliases = ["latest"];

let place: string;
let server: RegistryServer;
beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), "oci-kit-rollback-"));
  server = await serveRegistry({ directory: join(place, "registry") });
});
afterEach(async () => {
  await server.close();
  rmSync(place, { recursive: true });
});

const repository = () =>
  openRepository({ registry: `127.0.0.1:${server.port}`, repository: "team/app" });

describe.each(["layout", "registry"] as const)("rollback of an index in a %s", (kind) => {
  const reference = (): string =>
    kind === "layout" ? `oci:${place}/index:${TAG}` : `127.0.0.1:${server.port}/team/app:${TAG}`;
  const open = async (): Promise<ContentStore> =>
    kind === "layout" ? openLayout(join(place, "index"), { create: true }) : repository();

  async function publish(run: string, names = ARCHITECTURES): Promise<string> {
    const target = await open();
    const planning = { aliases, architectures: undefined, force: ["dropped-platform"] } as const;
    const planned = await plan(target, await family(names, run), planning);
    return (await pushIndex(planned)).index.digest;
  }
  async function named(...tags: string[]): Promise<string[]> {
    const store = await open();
    return Promise.all(tags.map(async (tag) => (await store.resolve(tag)).digest));
  }
  const arches = ARCHITECTURES.map((name) => `${TAG}-${name}`);

  it("sets the tag, its alias and every TAG-ARCH, and can be undone and repeated", async () => {
    const first = await publish("run-1");
    const images = await named(...arches);
    const second = await publish("run-2");
    const third = await publish("run-3");
    const planned = await rollbackIndex(reference(), { dryRun: true });
    expect(planned.to.digest).toBe(second);
    expect(await named(TAG)).toEqual([third]);
    await rollbackIndex(reference());
    expect(await named(TAG, "latest")).toEqual([second, second]);
    await rollbackIndex(reference(), { to: parseDigest(third) });
    expect(await named(TAG, "latest")).toEqual([third, third]);
    await rollbackIndex(reference());
    expect((await rollbackIndex(reference())).to.digest).toBe(first);
    expect(await named(...arches)).toEqual(images);
    await expect(rollbackIndex(reference())).rejects.toMatchObject({ code: "not-found" });
  });

  it("is no reason to refuse the next newer push, which remembers where the tag was", async () => {
    const first = await publish("20260801-000000-aa");
    await publish("20260802-000000-aa");
    await rollbackIndex(reference());
    const next = await publish("20260803-000000-aa");
    const store = await open();
    const { annotations } = (await readIndex(store, await store.resolve(next))).value;
    expect(previousIndexes(annotations, TAG)).toEqual([first]);
  });

  it("says which platforms the older index lacks, and leaves an alias that names something else", async () => {
    await publish("run-1", ["amd64"]);
    await publish("run-2");
    const store = await open();
    await store.tag(await store.resolve(`${TAG}-amd64`), "latest");
    const { dropped, left } = await rollbackIndex(reference());
    expect(dropped).toEqual(["linux/arm64", "linux/riscv64"]);
    expect(left.map(({ tag }) => tag)).toEqual(["latest"]);
  });

  it("is refused when content of the older index is gone, with its digest, and sets nothing", async () => {
    await publish("run-1");
    const [lost] = await named(`${TAG}-arm64`);
    const second = await publish("run-2");
    await (
      await open()
    ).capabilities.remove!(parseDigest(lost!));
    const refused = rollbackIndex(reference());
    await expect(refused).rejects.toMatchObject({
      code: "gate-refused",
      details: { lost: [lost] },
    });
    expect(await named(TAG)).toEqual([second]);
  });

  it("is refused to an index that was never under the tag", async () => {
    const first = await publish("run-1");
    const other = await pushIndex(
      await plan(await open(), await family(ARCHITECTURES, "else"), { tag: "other" }),
    );
    const refused = rollbackIndex(reference(), { to: other.index.digest });
    await expect(refused).rejects.toMatchObject({ code: "invalid-argument" });
    expect(await named(TAG)).toEqual([first]);
  });

  it("still works after prune, for the five that are remembered and no further", async () => {
    const published: string[] = [];
    for (let run = 0; run < 7; run += 1) published.push(await publish(`run-${run}`));
    if (kind === "layout") {
      await collectGarbage(await openLayout(join(place, "index")), { minAge: 0 });
    } else {
      await pruneRepository(repository(), { untaggedAge: 0 });
    }
    const store = await open();
    await expect(store.resolve(published[0]!)).rejects.toMatchObject({ code: "not-found" });
    const oldest = await rollbackIndex(reference(), { to: parseDigest(published[1]!) });
    expect(oldest.to.digest).toBe(published[1]);
  });

  it("goes back past an index that was mended, not to the broken one", async () => {
    const first = await publish("run-1");
    await publish("run-2");
    const [lost] = await named(`${TAG}-arm64`);
    const store = await open();
    await store.capabilities.remove!(parseDigest(lost!));
    const annotations = { [AnnotationKey.runId]: "run-2" };
    const made = { architecture: "arm64", content: "again", annotations };
    await putImage(store, { ...made, tag: `${TAG}-arm64` });
    expect((await repairIndex(reference())).changed).toBe(true);
    expect((await rollbackIndex(reference(), { dryRun: true })).to.digest).toBe(first);
  });
});
