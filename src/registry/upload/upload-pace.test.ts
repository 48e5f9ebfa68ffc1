// SPDX-License-Identifier: MIT
import { beforeEach, describe, expect, it } from "vitest";
import { createUploadPace, type UploadPace, type UploadPlace } from "./upload-pace.ts";

const MB = 1_000_000;
const MINUTE = 60_000;

let clock: number;
let pace: UploadPace;
let entered: UploadPlace[];
let rates: number[];

const open = (uploadTime: number | undefined): void => {
  clock = 0;
  entered = [];
  rates = [];
  pace = createUploadPace({ uploadTime, now: () => clock, onRate: (rate) => rates.push(rate) });
};
beforeEach(() => open(10 * MINUTE));

async function enter(size: number, signal?: AbortSignal): Promise<void> {
  void pace
    .enter(size, { signal })
    .then((place) => entered.push(place))
    .catch(() => undefined);
  await settled();
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

/** Lets an upload send at a rate, in bytes a second. */
async function send(place: UploadPlace, bytes: number, rate: number): Promise<void> {
  place.sent(bytes - 1);
  clock += (bytes / rate) * 1000;
  place.sent(1);
  await settled();
}

describe("the pace of uploads to a registry that ends them after ten minutes", () => {
  it("is one at a time until the line was measured, then as many as end in time", async () => {
    for (const size of [400, 400, 400, 400]) await enter(size * MB);
    expect(entered).toHaveLength(1);
    await send(entered[0]!, MB, 4.5 * MB);
    // 480 seconds at 4.5 MB/s are 2,160 MB
    expect(entered).toHaveLength(4);
  });

  it("is one at a time where two would share the line for too long", async () => {
    for (let at = 0; at < 3; at += 1) await enter(2000 * MB);
    await send(entered[0]!, 10 * MB, 4.5 * MB);
    expect(entered).toHaveLength(1);
    entered[0]!.leave();
    entered[0]!.leave();
    await settled();
    expect(entered).toHaveLength(2);
  });

  it("lets nobody in who would make a running one late", async () => {
    await enter(2000 * MB);
    await send(entered[0]!, 1000 * MB, 4.5 * MB);
    await enter(900 * MB);
    expect(entered).toHaveLength(1);
    await enter(10 * MB);
    expect(entered).toHaveLength(1);
    await send(entered[0]!, 999 * MB, 20 * MB);
    expect(entered).toHaveLength(3);
  });

  it("lets one alone in, whatever its size", async () => {
    await enter(1e12);
    expect(entered).toHaveLength(1);
  });

  it("tells how fast the line is whenever an upload is over, each once", async () => {
    await enter(10 * MB);
    await send(entered[0]!, 9 * MB, 4.5 * MB);
    expect(rates).toEqual([]);
    entered[0]!.leave();
    entered[0]!.leave();
    expect(rates.map((rate) => Math.round(rate))).toEqual([4.5 * MB]);
  });

  it("tells nothing of uploads that are too small to say how fast the line is", async () => {
    await enter(2000);
    entered[0]!.sent(2000);
    // However long the answer took.
    clock += 20_000;
    entered[0]!.leave();
    await enter(7 * MB);
    await send(entered[1]!, 7 * MB, 1000 * MB);
    entered[1]!.leave();
    expect(rates).toEqual([]);
  });

  it("tells how fast a slow line is by less", async () => {
    await enter(600_000);
    await send(entered[0]!, 600_000, 100_000);
    entered[0]!.leave();
    expect(rates.map((rate) => Math.round(rate))).toEqual([100_000]);
  });

  it("does not count the time until the registry is ready for the bytes", async () => {
    const place = pace.enter(9 * MB, {});
    clock += 60_000;
    await send(await place, 9 * MB, 4.5 * MB);
    (await place).leave();
    expect(rates.map((rate) => Math.round(rate))).toEqual([4.5 * MB]);
  });

  it("does not wait for one that was given up", async () => {
    const controller = new AbortController();
    await enter(2000 * MB);
    await enter(2000 * MB, controller.signal);
    await enter(MB);
    controller.abort();
    await send(entered[0]!, MB, 4.5 * MB);
    expect(entered).toHaveLength(2);
  });
});

describe("the pace of uploads to any other registry", () => {
  beforeEach(() => open(undefined));

  it("is not held back", async () => {
    for (let at = 0; at < 8; at += 1) await enter(1e12);
    expect(entered).toHaveLength(8);
  });

  it("is one at a time after two that broke beside others", async () => {
    for (let at = 0; at < 3; at += 1) await enter(MB);
    pace.broke();
    pace.broke();
    for (const place of entered) place.leave();
    entered = [];
    for (let at = 0; at < 3; at += 1) await enter(MB);
    expect(entered).toHaveLength(1);
  });
});
