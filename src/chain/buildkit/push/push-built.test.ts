// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { OciError } from "../../../oci/errors.ts";
import { RegistryError } from "../../../registry/registry-error.ts";
import { createMemoryStore } from "../../../store/memory-store.ts";
import type { ContentStore } from "../../../store/store.ts";
import { buildImage } from "../../../testing/build-image.ts";
import { pushBuilt, type PushBuiltEvent } from "./push-built.ts";

const retry = { delay: 1 };

/** A memory store whose pushes fail at first, and what was pushed to it. */
function failing(errors: readonly Error[]) {
  const left = [...errors];
  const pushed: string[] = [];
  const memory = createMemoryStore();
  const target: ContentStore = {
    ...memory,
    push: async (descriptor, source, options) => {
      // The first piece always arrives: the next attempt must not send it again.
      const error = pushed.length === 0 ? undefined : left.shift();
      if (error !== undefined) throw error;
      await memory.push(descriptor, source, options);
      pushed.push(descriptor.digest);
    },
  };
  return { target, pushed };
}

function trouble(transient: boolean): RegistryError {
  const where = { method: "PUT", url: "https://r.example/v2/a" };
  return new RegistryError("registry-refused", "503", { ...where, status: 503, transient });
}

async function push(errors: readonly Error[]) {
  const source = createMemoryStore();
  const { descriptor } = await buildImage(source, { layers: [{ a: "1" }, { b: "2" }] });
  const { target, pushed } = failing(errors);
  const events: PushBuiltEvent[] = [];
  const onProgress = (event: PushBuiltEvent): void => void events.push(event);
  const pushing = pushBuilt(source, descriptor, target, { tag: "1", retry, onProgress });
  return { pushing, pushed, target, descriptor, events };
}

describe("a push of what was built", () => {
  it("is made again after trouble that may pass, sends nothing twice, and ends under its tag", async () => {
    const { pushing, pushed, target, descriptor, events } = await push([
      trouble(true),
      trouble(true),
    ]);
    await pushing;
    expect((await target.resolve("1")).digest).toBe(descriptor.digest);
    expect(new Set(pushed).size).toBe(pushed.length);
    const attempts = events.flatMap((event) =>
      event.kind === "push-failed" ? [event.attempt] : [],
    );
    expect(attempts).toEqual([1, 2]);
  });

  it("is not made again for what stays, whatever its words", async () => {
    const refused = await push([trouble(false)]);
    await expect(refused.pushing).rejects.toMatchObject({ code: "registry-refused" });
    const words = await push([new OciError("unwritable", "429 Too Many Requests")]);
    await expect(words.pushing).rejects.toMatchObject({ code: "unwritable" });
    expect([...refused.events, ...words.events].map(({ kind }) => kind)).not.toContain(
      "push-failed",
    );
  });

  it("gives up after four attempts", async () => {
    const { pushing, events } = await push(Array.from({ length: 9 }, () => trouble(true)));
    await expect(pushing).rejects.toMatchObject({ code: "registry-refused" });
    expect(events.filter(({ kind }) => kind === "push-failed")).toHaveLength(3);
  });
});
