// SPDX-License-Identifier: MIT
import { spawn } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { processesWith, startBuildPlace, type BuildPlace } from "./buildkit.ts";

let place: BuildPlace;
beforeAll(async () => {
  place = await startBuildPlace();
});
afterAll(() => place.close());

it("a build that is stopped ends at once, with its step and the builder's program, and leaves nothing", async () => {
  const stop = new AbortController();
  const marker = "oci-kit-stopped-31";
  const stopped = place.build("stopped", [`RUN echo ${marker} started; sleep 600`], undefined, {
    signal: stop.signal,
    onProgress: (event) => {
      if (event.kind === "output") stop.abort();
    },
  });
  await expect(stopped).rejects.toMatchObject({ code: "aborted" });
  await expect.poll(() => processesWith(marker)).toEqual([]);
  expect(processesWith(place.scratch.path("contexts-of-tests", "stopped"))).toEqual([]);
  expect(existsSync(place.scratch.path("built", "stopped"))).toBe(false);
  expect(readdirSync(place.scratch.path("built"))).toEqual([]);
  expect(place.leftContexts()).toEqual([]);
});

it("a build whose process is killed ends too, and the next one removes what it left", async () => {
  const marker = "oci-kit-killed-32";
  const request = place.request("killed", [`RUN echo ${marker}; sleep 600`]);
  const contexts = place.scratch.path("cache");
  const program = join(import.meta.dirname, "build-killed.mjs");
  const file = place.scratch.path("request.json");
  writeFileSync(file, JSON.stringify(request));
  const address = place.builder.kind === "buildctl" ? [String(place.builder.name)] : [];
  const words = [program, file, contexts, ...address];
  const child = spawn(process.execPath, words, { stdio: "inherit" });
  const running = (): readonly number[] => processesWith(`echo ${marker}; sleep 600`);
  await expect.poll(() => running().length).toBeGreaterThan(0);
  child.kill("SIGKILL");
  await expect.poll(running).toEqual([]);
  await expect.poll(() => processesWith(request.context)).toEqual([]);
  expect(place.leftContexts()).toHaveLength(1);
  const left = readdirSync(place.scratch.path("built")).filter((name) => name.includes("killed"));
  expect(left).toHaveLength(1);
  await place.build("killed", ["RUN echo again"]);
  expect(place.leftContexts()).toEqual([]);
  expect(readdirSync(place.scratch.path("built"))).toEqual(["killed"]);
});
