// SPDX-License-Identifier: MIT
import { hashSync } from "bcryptjs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createBcryptThread } from "./bcrypt-thread.ts";
import { createPasswordChecks, type SentPassword } from "./password-checks.ts";

const users = new Map([
  ["alice", hashSync("right", 4)],
  ["bob", hashSync("other", 4)],
]);
const alice: SentPassword = { user: "alice", password: "right", client: "10.0.0.1" };

afterEach(() => vi.useRealTimers());

/** A comparison that waits until it is told to go on, and records what it was asked. */
function slowComparison() {
  const asked: string[] = [];
  const waiting: (() => void)[] = [];
  const compare = (password: string): Promise<boolean> => {
    asked.push(password);
    return new Promise((resolve) => waiting.push(() => resolve(password === "right")));
  };
  return { asked, compare, step: () => waiting.shift()?.() };
}

describe("passwords", () => {
  it("are compared in a thread, which is closed in the end", async () => {
    const thread = createBcryptThread();
    const { check } = createPasswordChecks((password, hash) => thread.compare(password, hash));
    expect(await check(alice, users)).toBe(true);
    expect(await check({ ...alice, password: "wrong" }, users)).toBe(false);
    expect(await check({ ...alice, user: "bob" }, users)).toBe(false);
    expect(await check({ ...alice, user: "nobody" }, users)).toBe(false);
    await thread.close();
  });

  it("of users who do not exist cost a comparison at the price of the others, and never succeed", async () => {
    const costs: string[] = [];
    const { check } = createPasswordChecks((_, hash) => {
      costs.push(hash.slice(0, 7));
      return Promise.resolve(true);
    });
    const expensive = new Map([["alice", hashSync("right", 6)]]);
    expect(await check({ ...alice, user: "nobody" }, expensive)).toBe(false);
    expect(await check({ ...alice, user: "nobody else" }, new Map())).toBe(false);
    expect(costs).toEqual(["$2b$06$", "$2b$05$"]);
  });

  it("are remembered for a while, until the user gets another", async () => {
    vi.useFakeTimers();
    let compared = 0;
    const { check } = createPasswordChecks((password) => {
      compared += 1;
      return Promise.resolve(password === "right");
    });
    for (let again = 0; again < 3; again += 1) expect(await check(alice, users)).toBe(true);
    expect(compared).toBe(1);
    const wrong = { ...alice, password: "wrong" };
    for (let again = 0; again < 3; again += 1) expect(await check(wrong, users)).toBe(false);
    expect(compared).toBe(2);
    await check(alice, new Map([["alice", hashSync("right", 4)]]));
    expect(compared).toBe(3);
    vi.advanceTimersByTime(61_000);
    await check(alice, users);
    expect(compared).toBe(4);
  });

  it("of a client that sends a flood of wrong ones wait; another client's is next", async () => {
    const { asked, compare, step } = slowComparison();
    const { check } = createPasswordChecks(compare);
    const flood = Array.from({ length: 30 }, (_, at) =>
      check({ user: "alice", password: `wrong ${at}`, client: "6.6.6.6" }, users).catch(
        (error: unknown) => error,
      ),
    );
    const good = check(alice, users);
    await vi.waitFor(() => expect(asked).toEqual(["wrong 0"]));
    for (let more = 0; more < 2; more += 1) {
      step();
      await vi.waitFor(() => expect(asked).toHaveLength(more + 2));
    }
    expect(asked).toEqual(["wrong 0", "wrong 1", "right"]);
    step();
    expect(await good).toBe(true);
    for (let more = 0; more < 20; more += 1) {
      step();
      await Promise.resolve();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const outcomes = await Promise.all(flood);
    const refused = outcomes.filter((outcome) => outcome !== false);
    expect(refused).toHaveLength(13);
    expect(refused[0]).toMatchObject({ status: 429, headers: { "retry-after": "2" } });
  });

  it("sent many times at once are compared once, and none is refused", async () => {
    const { asked, compare, step } = slowComparison();
    const { check } = createPasswordChecks(compare);
    const all = Array.from({ length: 50 }, () => check(alice, users));
    await vi.waitFor(() => expect(asked).toEqual(["right"]));
    step();
    expect(new Set(await Promise.all(all))).toEqual(new Set([true]));
    expect(asked).toHaveLength(1);
  });

  it("that can't be compared because the thread failed are no right ones, and the next ones are", async () => {
    let failed = false;
    const { check } = createPasswordChecks(() => {
      if (failed) return Promise.resolve(true);
      failed = true;
      return Promise.reject(new Error("out of memory"));
    });
    await expect(check(alice, users)).rejects.toThrow("out of memory");
    expect(await check(alice, users)).toBe(true);
  });
});
