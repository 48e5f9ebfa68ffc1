// SPDX-License-Identifier: MIT
import { syncBuiltinESMExports } from "node:module";
import os from "node:os";
import { isAbsolute } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { homeDirectory } from "./home-directory.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

/** What Node says of a user that the system does not know: no test can become one without root. */
function unknown(): never {
  throw Object.assign(new Error("uv_os_homedir returned ENOENT"), { code: "ERR_SYSTEM_ERROR" });
}

it("the home directory is what HOME names", () => {
  expect(homeDirectory({ HOME: "/h" })).toBe("/h");
});

it("an empty HOME is none, and never makes names relative to the working directory", () => {
  vi.stubEnv("HOME", "");
  const home = homeDirectory({ HOME: "" });
  expect(isAbsolute(home)).toBe(true);
  expect(homeDirectory({})).toBe(home);
});

it("a number without a user, as containers run under, has the root directory as its home", () => {
  vi.spyOn(os, "homedir").mockImplementation(unknown);
  vi.spyOn(os, "userInfo").mockImplementation(unknown);
  syncBuiltinESMExports();
  expect(homeDirectory({})).toBe("/");
});
