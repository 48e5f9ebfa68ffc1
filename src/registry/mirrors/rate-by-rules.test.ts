// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import { sourceOf } from "../../bytes/bytes.ts";
import { MediaType } from "../../oci/media-types.ts";
import { parseReference } from "../../oci/reference.ts";
import { startRegistry } from "../../testing/registry/start-registry.ts";
import { openByRules } from "./open-by-rules.ts";

it("the rate of a line is told with the registry's name as it was written, wherever the rules say that it is", async () => {
  const registry = await startRegistry();
  const told: unknown[] = [];
  const location = `${registry.host}/elsewhere`;
  const rule = { prefix: "named.example", location, insecure: true, blocked: false, mirrors: [] };
  const bytes = new Uint8Array(9_000_000);
  const chunked = { ...sourceOf(bytes), open: () => inChunks(bytes) };
  try {
    for (const [reference, rules] of [
      ["named.example/app:1", [{ ...rule, file: "test.conf" }]],
      [`${registry.host}/app:1`, []],
    ] as const) {
      const store = await openByRules(parseReference(reference), "write", {
        ...{ rules, credentials: () => Promise.resolve(undefined), journalDirectory: false },
        onUploadRate: (rate, name) => told.push([name, rate > 0]),
      });
      await store.push(describeBytes(MediaType.octetStream, bytes), chunked);
    }
  } finally {
    await registry.close();
  }
  expect(told).toEqual([
    ["named.example", true],
    [registry.host, true],
  ]);
});

async function* inChunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) {
    yield await Promise.resolve(bytes.subarray(at, at + 65_536));
  }
}
