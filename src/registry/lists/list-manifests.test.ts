// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFaulty } from "../../../test/fixtures/faulty-repository.ts";
import { answer, startFaultyRegistry } from "../../testing/faulty-registry.ts";
import type { FaultyRegistry } from "../../testing/faulty-registry.ts";

let registry: FaultyRegistry;
beforeEach(async () => {
  registry = await startFaultyRegistry();
});
afterEach(() => registry.close());

const list = (): Promise<unknown> => openFaulty(registry).capabilities.manifests();
const JSON_TYPE = { "content-type": "application/json" };

describe("the list of all manifests of a repository, which only our own registry has", () => {
  it.each([
    ["refuses the path", answer(404)],
    ["has a web page there", answer(200, { "content-type": "text/html" }, "<!doctype html>")],
    ["has a page of no stated kind there", answer(200, {}, "hello")],
    ["has something else there", answer(200, JSON_TYPE, '{"manifests":"none"}')],
  ])("is absent where a registry %s", async (_, reply) => {
    registry.rule({ on: /_oci-kit.manifests/, reply });
    expect(await list()).toBeUndefined();
  });

  it("is an error, and not absent, when it breaks off", async () => {
    registry.rule({ on: /manifests/, reply: answer(200, JSON_TYPE, '{"manifests":[{') });
    await expect(list()).rejects.toMatchObject({ code: "invalid-json" });
  });
});
