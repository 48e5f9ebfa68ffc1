// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFaulty } from "../../../test/fixtures/faulty-repository.ts";
import { answer, startFaultyRegistry } from "../../testing/faulty-registry.ts";
import type { FaultyRegistry, Reply } from "../../testing/faulty-registry.ts";
import { openTransport } from "../transport/transport.ts";
import { listRepositories } from "./list-repositories.ts";

let registry: FaultyRegistry;
beforeEach(async () => {
  registry = await startFaultyRegistry();
});
afterEach(async () => {
  await registry.close();
});

const PATH = "/v2/a/b/tags/list";
const page = (tags: unknown, link?: string): Reply =>
  answer(200, link === undefined ? {} : { link }, JSON.stringify({ tags }));
const listTags = (): Promise<readonly string[]> => openFaulty(registry).capabilities.tags();
const asked = (): string[] => registry.requests.map(({ path }) => path);
const named = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, at) => `t${String(from + at).padStart(5, "0")}`);

describe("the next page of a list", () => {
  it.each([
    ["at another scheme", (host: string) => `https://${host}${PATH}?last=b`],
    ["without the port", () => `http://127.0.0.1${PATH}?last=b`],
    ["at the default port of https", () => `https://127.0.0.1:443${PATH}?last=b`],
    [
      "at another name of loopback",
      (host: string) => `http://localhost:${host.split(":")[1] ?? ""}${PATH}?last=b`,
    ],
    ["as a query alone", () => "?last=b"],
  ])("%s is asked for at the registry itself", async (_, target) => {
    registry.rule(
      {
        on: `GET ${PATH}?n=1000`,
        reply: page(["a", "b"], `<${target(registry.host)}>; rel="next"`),
      },
      { on: `GET ${PATH}?last=b`, reply: page(["c"]) },
    );
    expect(await listTags()).toEqual(["a", "b", "c"]);
  });

  it.each([
    "http://other.example/v2/a/b/tags/list?last=b",
    "http://127.0.0.1:1/v2/a/b/tags/list?last=b",
    "http://me:secret@127.0.0.1/v2/a/b/tags/list?last=b",
    "file:///etc/passwd",
  ])("at %s is refused", async (target) => {
    registry.rule({ on: /tags/, reply: page(["a"], `<${target}>; rel="next"`) });
    const failed = listTags();
    await expect(failed).rejects.toMatchObject({ code: "redirect-refused" });
    await expect(failed).rejects.not.toThrow("secret");
  });

  it("that is not there is an error, not the end", async () => {
    registry.rule({ on: `GET ${PATH}?n=1000`, reply: page(["a"], '</v2/a/b/gone>; rel="next"') });
    await expect(listTags()).rejects.toMatchObject({ code: "not-found" });
  });
});

describe("a registry that gives fewer names at once", () => {
  const refusal = answer(400, {}, '{"errors":[{"code":"PAGINATION_NUMBER_INVALID"}]}');

  it.each([
    ["more than 100", [`${PATH}?n=1000`], `${PATH}?n=100`],
    ["any number", [`${PATH}?n=1000`, `${PATH}?n=100`], PATH],
  ])("than was asked for, and refuses %s, is asked for fewer", async (_, refused, taken) => {
    registry.rule(...refused.map((path) => ({ on: `GET ${path}`, reply: refusal })), {
      on: `GET ${taken}`,
      reply: page(["a"]),
    });
    expect(await listTags()).toEqual(["a"]);
    expect(asked()).toEqual([...refused, taken]);
  });

  it.each([406, 413, 422])("and says so with status %d is asked for fewer", async (status) => {
    registry.rule(
      { on: `GET ${PATH}?n=1000`, reply: answer(status) },
      { on: `GET ${PATH}?n=100`, reply: page(["a"]) },
    );
    expect(await listTags()).toEqual(["a"]);
  });

  it.each([401, 403, 404])("is not asked again after status %d", async (status) => {
    registry.rule({ on: /tags/, reply: answer(status) });
    await expect(listTags()).rejects.toMatchObject({ status });
    expect(registry.requests).toHaveLength(1);
  });
});

describe("a page that looks full and names no next one", () => {
  /** Gives at most `most` names after `last`, and never a link. */
  function silent(all: readonly string[], most: number): Reply | ((r: { path: string }) => Reply) {
    return ({ path }) => {
      const last = new URL(path, "http://x").searchParams.get("last") ?? "";
      return page(all.filter((tag) => tag > last).slice(0, most));
    };
  }

  it("is not taken for the end of the list", async () => {
    registry.rule({ on: /tags/, reply: silent(named(251), 100) });
    expect(await listTags()).toEqual(named(251));
    expect(asked()).toHaveLength(3);
  });
  it("is not, either, when it has as many names as were asked for", async () => {
    registry.rule({ on: /tags/, reply: silent(named(1_001), 1_000) });
    expect(await listTags()).toEqual(named(1_001));
  });
  it("ends the list when the registry repeats it", async () => {
    registry.rule({ on: /tags/, reply: page(named(100)) });
    expect(await listTags()).toEqual(named(100));
    expect(asked()).toHaveLength(2);
  });
  it.each([400, 404])("ends the list when asking on is answered with status %d", async (status) => {
    registry.rule(
      { on: `GET ${PATH}?n=1000`, reply: page(named(100)) },
      { on: /last=/, reply: answer(status) },
    );
    expect(await listTags()).toEqual(named(100));
  });
  it("ends the list of a registry that has named the pages before", async () => {
    const link = `<${PATH}?last=x>; rel="next"`;
    registry.rule(
      { on: `GET ${PATH}?n=1000`, reply: page(["a"], link) },
      { on: `GET ${PATH}?last=x`, reply: page(named(100)) },
    );
    expect(await listTags()).toHaveLength(101);
    expect(asked()).toHaveLength(2);
  });
  it("is an error when asking on fails", async () => {
    registry.rule(
      { on: `GET ${PATH}?n=1000`, reply: page(named(100)) },
      { on: /last=/, reply: answer(500) },
    );
    await expect(listTags()).rejects.toMatchObject({ status: 500 });
  });
});

describe("the repositories of a registry", () => {
  const list = async (): Promise<readonly string[]> => {
    const credentials = (): Promise<undefined> => Promise.resolve(undefined);
    return listRepositories(openTransport(registry.host, { credentials }));
  };

  it("are listed page by page, sorted", async () => {
    const body = (names: readonly string[]): string => JSON.stringify({ repositories: names });
    const link = '</v2/_catalog?last=b>; rel="next"';
    registry.rule(
      { on: "GET /v2/_catalog?n=1000", reply: answer(200, { link }, body(["b/c", "a"])) },
      { on: "GET /v2/_catalog?last=b", reply: answer(200, {}, body(["x"])) },
    );
    expect(await list()).toEqual(["a", "b/c", "x"]);
  });
  it("are not an empty list where the registry has none", async () => {
    await expect(list()).rejects.toMatchObject({ code: "unsupported-operation", status: 404 });
    registry.rule({ on: /_catalog/, reply: answer(401) });
    await expect(list()).rejects.toMatchObject({ code: "unauthorized" });
  });
});
