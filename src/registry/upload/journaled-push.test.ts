// SPDX-License-Identifier: MIT
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFaulty } from "../../../test/fixtures/faulty-repository.ts";
import { sourceOf, type Bytes } from "../../bytes/bytes.ts";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import { MediaType } from "../../oci/media-types.ts";
import { answer, startFaultyRegistry, type FaultyRegistry } from "../../testing/faulty-registry.ts";
import type { RegistryOptions } from "../repository.ts";

let registry: FaultyRegistry;
let journal: string;
beforeEach(async () => {
  registry = await startFaultyRegistry();
  journal = join(mkdtempSync(join(tmpdir(), "oci-kit-test-")), "uploads");
});
afterEach(async () => {
  await registry.close();
  rmSync(join(journal, ".."), { recursive: true });
});

const content = new Uint8Array(100_000).map((_, at) => at % 251);
const blob = describeBytes(MediaType.octetStream, content);
const begin = "POST /v2/a/b/blobs/uploads/";
const end = (path: string): string => `PUT ${path}?digest=${blob.digest}`;
const records = (): string[] => readdirSync(journal);

/** A push as another process would do it: nothing but the journal is shared. */
function push(options: RegistryOptions = {}, signal?: AbortSignal): Promise<void> {
  const store = openFaulty(registry, { journalDirectory: journal, ...options });
  return store.push(blob, sourceOf(content), { signal });
}

/** A push that breaks after the registry has kept 60,000 bytes, and is given up. */
async function breakOff(options: RegistryOptions = {}): Promise<void> {
  registry.rule(
    { on: begin, times: 1, reply: answer(202, { location: "/u/1?secret=1" }) },
    { on: /^PUT \/u\/1/, times: 1, reply: { kind: "reset" } },
  );
  await expect(push({ retry: { attempts: 1 }, ...options })).rejects.toThrow();
  registry.rule(
    { on: "GET /u/1?secret=1", reply: answer(204, { range: "0-59999" }) },
    { on: /^PATCH \/u\/1/, reply: answer(202, { location: "/u/1", range: "0-99999" }) },
    { on: end("/u/1"), reply: answer(201) },
    { on: begin, reply: answer(202, { location: "/u/2" }) },
    { on: end("/u/2"), reply: answer(201) },
  );
}

function lines(): string[] {
  return registry.requests.map(({ method, path }) => `${method} ${path}`);
}

describe("an upload that a process left", () => {
  it("is not cancelled, and goes on in the next with the bytes that are missing", async () => {
    await breakOff();
    expect(lines().filter((line) => line.startsWith("DELETE"))).toEqual([]);
    expect(records()).toHaveLength(1);
    const before = lines().length;
    await push();
    expect(lines().slice(before + 1)).toEqual([
      "GET /u/1?secret=1",
      expect.any(String),
      end("/u/1"),
    ]);
    const patch = registry.requests.find(({ method }) => method === "PATCH");
    expect(Buffer.compare(patch!.body, content.subarray(60_000))).toBe(0);
    expect(records()).toEqual([]);
  });

  it("is not sent again where the registry has stored it, and only the answer was lost", async () => {
    await breakOff();
    registry.rule(
      { on: "GET /u/1?secret=1", reply: answer(404) },
      { on: /^HEAD/, times: 1, reply: answer(404) },
      { on: /^HEAD/, reply: answer(200, { "content-length": String(content.length) }) },
    );
    const before = lines().length;
    await push();
    expect(lines().slice(before).join()).not.toMatch(/POST|PUT|PATCH/);
    expect(records()).toEqual([]);
  });

  it("begins anew where the registry has forgotten it", async () => {
    await breakOff();
    registry.rule({ on: "GET /u/1?secret=1", reply: answer(404) });
    await push();
    expect(lines().at(-1)).toBe(end("/u/2"));
    expect(records()).toEqual([]);
  });

  it("begins anew where what was kept is wrong, once", async () => {
    await breakOff();
    const invalid = answer(400, {}, '{"errors":[{"code":"DIGEST_INVALID"}]}');
    registry.rule({ on: end("/u/1"), reply: invalid });
    await push();
    expect(lines().slice(-3)).toEqual(["DELETE /u/1", begin, end("/u/2")]);
  });

  it("is not gone on with by another user, nor for another repository or registry", async () => {
    const as = (username: string): RegistryOptions => ({
      credentials: { username, password: "x" },
    });
    await breakOff(as("anna"));
    await push(as("bert"));
    await push();
    expect(lines().filter((line) => line.startsWith("GET"))).toEqual([]);
    expect(records()).toHaveLength(1);
    await push(as("anna"));
    expect(lines()).toContain("GET /u/1?secret=1");
  });

  it("is not gone on with at another address, whoever wrote that into the journal", async () => {
    const other = await startFaultyRegistry();
    await breakOff();
    const [name = ""] = records();
    const text = readFileSync(join(journal, name), "utf8");
    writeFileSync(
      join(journal, name),
      text.replace("/u/1", "/u/0").replace(registry.host, other.host),
    );
    await push();
    expect(other.requests).toEqual([]);
    expect(lines().at(-1)).toBe(end("/u/2"));
    await other.close();
  });

  it.each(["", "no json", '{"location":5}', "label\n{}"])(
    "is not gone on with from a record that says %j",
    async (text) => {
      await breakOff();
      writeFileSync(join(journal, records()[0]!), text);
      await push();
      expect(lines().at(-1)).toBe(end("/u/2"));
      expect(records()).toEqual([]);
    },
  );

  it("is left to the one process that took it over", async () => {
    await breakOff();
    await Promise.all([push(), push()]);
    expect(lines().filter((line) => line.startsWith("GET"))).toHaveLength(1);
    expect(lines()).toContain(end("/u/2"));
  });

  it("leaves no secret where people see it", async () => {
    await breakOff();
    const [name = ""] = records();
    const [label = ""] = readFileSync(join(journal, name), "utf8").split("\n");
    expect(label).toBe(`${registry.host}/a/b@${blob.digest}`);
    expect(name).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("a push that is stopped", () => {
  it("ends the chunk that is under way, and the next run begins with the one after it", async () => {
    const stop = new AbortController();
    const habits = [{ hosts: ["127.0.0.1"], chunks: { use: "always", length: 40_000 } }] as const;
    registry.rule(
      { on: begin, reply: answer(202, { location: "/u/1" }) },
      {
        on: "PATCH /u/1",
        times: 1,
        reply: () => (stop.abort(), answer(202, { location: "/u/1?kept", range: "0-39999" })),
      },
    );
    const stopped = push({ habits }, stop.signal);
    await expect(stopped).rejects.toMatchObject({ code: "aborted" });
    const [name = ""] = records();
    expect(readFileSync(join(journal, name), "utf8")).toMatch(/u\/1\?kept.*"offset":40000/);
    registry.rule(
      { on: "GET /u/1?kept", reply: answer(204, { range: "0-39999" }) },
      { on: "PATCH /u/1?kept", reply: answer(202, { location: "/u/2", range: "0-79999" }) },
      { on: "PATCH /u/2", reply: answer(202, { location: "/u/3", range: "0-99999" }) },
      { on: end("/u/3"), reply: answer(201) },
    );
    await push({ habits });
    expect(records()).toEqual([]);
  });

  it("by its source's failure can be gone on with, unless the source gave wrong bytes", async () => {
    registry.rule(
      { on: begin, times: 1, reply: answer(202, { location: "/u/1" }) },
      { on: begin, reply: answer(202, { location: "/u/2" }) },
    );
    const store = openFaulty(registry, { journalDirectory: journal });
    await expect(store.push(blob, { open: () => breaking() })).rejects.toThrow("the disk broke");
    expect(records()).toHaveLength(1);
    const wrong = content.with(0, 9);
    await expect(store.push(blob, sourceOf(wrong))).rejects.toMatchObject({
      code: "digest-mismatch",
    });
    expect(records()).toEqual([]);
    expect(lines().filter((line) => line.startsWith("DELETE"))).toEqual(["DELETE /u/2"]);
  });
});

async function* breaking(): Bytes {
  yield content.slice(0, 10);
  await Promise.resolve();
  throw new Error("the disk broke");
}
