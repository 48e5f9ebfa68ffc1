// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { proxyFromEnvironment } from "./proxy-environment.ts";

function proxyOf(
  target: string,
  environment: Readonly<Record<string, string>>,
): string | undefined {
  return proxyFromEnvironment(environment)(new URL(target))?.href;
}
const P = "http://proxy.example:3128/";

describe("the proxy for a URL", () => {
  it.each([
    ["https://a.example/", { HTTPS_PROXY: P }, P],
    ["https://a.example/", { https_proxy: P }, P],
    ["https://a.example/", { HTTPS_PROXY: P, https_proxy: "http://other/" }, P],
    ["https://a.example/", { HTTP_PROXY: P }, undefined],
    ["http://a.example/", { HTTP_PROXY: P }, P],
    ["http://a.example/", { http_proxy: P }, P],
    ["http://a.example/", { HTTPS_PROXY: P }, undefined],
    ["http://a.example/", { HTTP_PROXY: P, REQUEST_METHOD: "GET" }, undefined],
    ["https://a.example/", { HTTPS_PROXY: "proxy.example:3128" }, P],
    [
      "https://a.example/",
      { HTTPS_PROXY: "https://u:p%40@proxy.example" },
      "https://u:p%40@proxy.example/",
    ],
    ["https://a.example/", { ALL_PROXY: P }, undefined],
    ["https://a.example/", { HTTPS_PROXY: "" }, undefined],
  ])("%s with %j is %s", (target, environment, expected) => {
    expect(proxyOf(target, environment as Record<string, string>)).toBe(expected);
  });
  it.each([
    "https://localhost:5000/",
    "https://127.0.0.1/",
    "https://[::1]:5000/",
    "http://127.9.9.9/",
  ])("is none for %s, which is this machine", (target) => {
    expect(proxyOf(target, { HTTPS_PROXY: P, HTTP_PROXY: P })).toBeUndefined();
  });
  it.each(["socks5://proxy.example:1080", "http://", "http://user:s3cret@"])(
    "that is %s is refused with the variable's name and without its value",
    (text) => {
      const find = (): unknown => proxyOf("https://a.example/", { HTTPS_PROXY: text });
      expect(find).toThrow(/HTTPS_PROXY: expected a proxy as/);
      expect(find).not.toThrow(/s3cret/);
    },
  );
});

describe("NO_PROXY", () => {
  it.each([
    ["*", "https://a.example/", true],
    ["a.example", "https://a.example/", true],
    ["a.example", "https://b.a.example/", true],
    ["a.example", "https://ba.example/", false],
    [".a.example", "https://b.a.example/", true],
    [".a.example", "https://a.example/", false],
    ["*.a.example", "https://b.a.example/", true],
    ["*.a.example", "https://a.example/", false],
    ["A.Example", "https://a.example/", true],
    ["a.example.", "https://a.example/", false],
    ["a.example:443", "https://a.example/", true],
    ["a.example:443", "https://a.example:5000/", false],
    ["a.example:5000", "https://a.example:5000/", true],
    ["10.0.0.0/8", "https://10.1.2.3/", true],
    ["10.0.0.0/8", "https://11.1.2.3/", false],
    ["10.0.0.0/8", "https://ten.example/", false],
    ["10.1.2.3", "https://10.1.2.3:5000/", true],
    ["10.1.2.3:5000", "https://10.1.2.3:5000/", true],
    ["10.1.2.3:5000", "https://10.1.2.3/", false],
    ["fd00::/8", "https://[fd12::1]/", true],
    ["fd12::1", "https://[fd12::1]/", true],
    ["[fd12::1]:5000", "https://[fd12::1]:5000/", true],
    ["[fd12::1]:5000", "https://[fd12::1]/", false],
    [" x.example , a.example ", "https://a.example/", true],
    [",,:5000,.,10.0.0.0/99", "https://a.example/", false],
    ["", "https://a.example/", false],
  ])("%j makes %s direct: %s", (text, target, isDirect) => {
    const found = proxyOf(target, { HTTPS_PROXY: P, NO_PROXY: text });
    expect(found).toBe(isDirect ? undefined : P);
    expect(proxyOf(target, { HTTPS_PROXY: P, no_proxy: text })).toBe(found);
  });
});
