// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { putImage, putIndex, recordStore } from "../../test/fixtures/family.ts";
import { TAG, digestAt, family, plan, writes } from "../../test/fixtures/push.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { pushIndex } from "./push-index.ts";

const aliases = ["latest", "stable"];

describe("aliases of an index", () => {
  it("name the same index, after its tag and before those of the images, with one call more each", async () => {
    const inner = createMemoryStore({ name: "target" });
    const { store, calls } = recordStore(inner);
    const planned = await plan(store, await family(), { aliases });
    expect(planned.tags.map(({ tag }) => tag).slice(0, 4)).toEqual([
      TAG,
      ...aliases,
      `${TAG}-amd64`,
    ]);
    expect(writes(calls)).toEqual([]);
    await pushIndex(planned);
    for (const alias of aliases) {
      expect(await digestAt(store, alias)).toBe(planned.index.descriptor.digest);
    }
    const pushes = writes(calls).filter((call) => call.includes(planned.index.descriptor.digest));
    expect(pushes.filter((call) => call.startsWith("push"))).toHaveLength(1);
    const again = await pushIndex(await plan(store, await family(), { aliases }));
    expect(again.changed).toBe(false);
  });

  it("are set also where the index itself is published already", async () => {
    const store = createMemoryStore({ name: "target" });
    await pushIndex(await plan(store, await family()));
    const { tags } = await pushIndex(await plan(store, await family(), { aliases }));
    expect(tags.map(({ tag }) => tag)).toEqual(aliases);
  });

  it("are not moved where one would lose a platform, and neither is the tag", async () => {
    const store = createMemoryStore({ name: "target" });
    const other = await putImage(store, { architecture: "s390x" });
    await putIndex(store, [other], "latest");
    const planned = await plan(store, await family(), { aliases });
    expect(planned.findings.map(({ gate, message }) => [gate, message.split(" ")[0]])).toEqual([
      ["dropped-platform", "latest:"],
    ]);
    await expect(pushIndex(planned)).rejects.toMatchObject({ code: "gate-refused" });
    await expect(store.resolve(TAG)).rejects.toMatchObject({ code: "not-found" });
    const forced = await plan(store, await family(), { aliases, force: ["dropped-platform"] });
    await pushIndex(forced);
    expect(await digestAt(store, "latest")).toBe(forced.index.descriptor.digest);
  });

  it("are judged again when they moved since the plan", async () => {
    const store = createMemoryStore({ name: "target" });
    const planned = await plan(store, await family(), { aliases });
    await putIndex(store, [await putImage(store, { architecture: "s390x" })], "stable");
    await expect(pushIndex(planned)).rejects.toMatchObject({ code: "gate-refused" });
  });

  it("may not read as the tag of one architecture", async () => {
    const planning = plan(createMemoryStore(), await family(), { aliases: ["latest-amd64"] });
    await expect(planning).rejects.toMatchObject({ code: "invalid-argument" });
  });
});
