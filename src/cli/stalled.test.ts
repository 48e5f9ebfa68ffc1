// SPDX-License-Identifier: MIT
import { EventEmitter } from "node:events";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createImagesProject, type ImagesProject } from "../../test/fixtures/images-project.ts";
import type { Context } from "./context.ts";
import { run } from "./run.ts";
import { stalled } from "./stalled.ts";

let project: ImagesProject;
beforeEach(async () => {
  project = await createImagesProject();
});
afterEach(() => project.remove());

function written(): { text: string; write(text: string): void } {
  return {
    text: "",
    write(text) {
      this.text += text;
    },
  };
}

it("a command that waits for what can't come fails, and never ends with success in silence", async () => {
  const process = new EventEmitter();
  const [stdout, stderr] = [written(), written()];
  // Nobody ever types the password.
  const stdin = {
    [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }),
  };
  const context: Context = { stdout, stderr, stdin, env: {}, signal: new AbortController().signal };
  const words = ["login", "127.0.0.1:9", "-u", "me", "--password-stdin", "--json"];
  const running = run(words, { ...context, stalled: stalled(process) });
  process.emit("beforeExit");
  expect(await running).toBe(1);
  expect(stderr.text).toContain("waits for what can't come any more");
  expect(JSON.parse(stdout.text)).toMatchObject({ error: { code: "unexpected" } });
});
