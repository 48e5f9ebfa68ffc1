// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { applicableKeys, formatKey, isSameKey, parseKey } from "./registry-key.ts";

describe("a key of a configuration file", () => {
  it.each([
    ["r.example", "r.example", ""],
    ["R.Example:5000", "r.example:5000", ""],
    ["https://r.example", "r.example", ""],
    ["http://r.example/", "r.example", ""],
    ["HTTPS://r.example/v1/", "r.example", ""],
    ["r.example/v2", "r.example", ""],
    ["r.example/team/", "r.example", "team"],
    ["https://r.example/team/app", "r.example", "team/app"],
    ["r.example/v2/team", "r.example", "v2/team"],
    ["[::1]:5000/team", "[::1]:5000", "team"],
  ])("%s is %s, path %j", (key, host, path) => {
    expect(parseKey(key)).toEqual({ host, path });
  });

  it("is written as docker and the containers tools look for it", () => {
    expect(formatKey({ host: "r.example:5000", path: "" })).toBe("r.example:5000");
    expect(formatKey({ host: "r.example", path: "team" })).toBe("r.example/team");
    expect(formatKey({ host: "docker.io", path: "" })).toBe("https://index.docker.io/v1/");
    expect(formatKey({ host: "docker.io", path: "team" })).toBe("docker.io/team");
  });

  it("stands for Docker Hub by each of its names", () => {
    const hub = { host: "docker.io", path: "" };
    expect(isSameKey(parseKey("https://index.docker.io/v1/"), hub)).toBe(true);
    expect(isSameKey(parseKey("registry-1.docker.io"), hub)).toBe(true);
    expect(isSameKey(parseKey("docker.io/team"), hub)).toBe(false);
  });
});

describe("the keys that apply to a repository", () => {
  const keys = [
    "r.example",
    "https://r.example/v2/",
    "r.example/team",
    "r.example/team/app",
    "r.example:5000",
    "docker.io",
    "https://index.docker.io/v1/",
  ];
  it.each([
    ["r.example", "other", ["r.example", "https://r.example/v2/"]],
    ["r.example", "team/x", ["r.example/team", "r.example", "https://r.example/v2/"]],
    [
      "r.example",
      "team/app/sub",
      ["r.example/team/app", "r.example/team", "r.example", "https://r.example/v2/"],
    ],
    ["r.example", "teammate", ["r.example", "https://r.example/v2/"]],
    ["r.example:5000", "team/app", ["r.example:5000"]],
    ["docker.io", "library/alpine", ["https://index.docker.io/v1/", "docker.io"]],
    ["ample", "a", []],
    ["r.example.evil.example", "a", []],
    ["evil-r.example", "a", []],
  ])("%s %s: the longest path first, then the plain spelling", (host, path, expected) => {
    expect(applicableKeys(keys, { host, path })).toEqual(expected);
  });
});
