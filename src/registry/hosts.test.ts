// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { checkTarget, isLocal, isLoopback, redactUrl, registryOrigin } from "./hosts.ts";

describe("the origin of a registry", () => {
  it.each([
    ["registry.example", "https://registry.example"],
    ["registry.example:443", "https://registry.example"],
    ["registry.example:80", "https://registry.example:80"],
    ["docker.io", "https://registry-1.docker.io"],
    ["localhost:5000", "http://localhost:5000"],
    ["127.1.2.3:5000", "http://127.1.2.3:5000"],
    ["[::1]:5000", "http://[::1]:5000"],
    ["localhost.example:5000", "https://localhost.example:5000"],
    ["box.local:5000", "https://box.local:5000"],
    ["192.168.1.2:5000", "https://192.168.1.2:5000"],
  ])("of %s is %s: plain http only on this machine", (registry, expected) => {
    expect(registryOrigin(registry, undefined).origin).toBe(expected);
  });
  it("uses http or https as the caller says", () => {
    expect(registryOrigin("r.example:443", true).href).toBe("http://r.example:443/");
    expect(registryOrigin("localhost:5000", false).protocol).toBe("https:");
  });
  it.each(["", "a/b", "u@h", "h?x", "h#x", "h x", "h:port"])("can't be made of %j", (registry) => {
    expect(() => registryOrigin(registry, undefined)).toThrow(/a host with an optional port/);
  });
});

describe("an address", () => {
  it.each(["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "[::1]"])(
    "%s is loopback",
    (host) => {
      expect(isLoopback(host)).toBe(true);
    },
  );
  it.each(["localhost.evil.example", "128.0.0.1", "127.0.0.1.evil.example", "example"])(
    "%s is not loopback",
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
  // URL.hostname turns decimal, octal and hexadecimal addresses into the dotted form.
  it.each(["http://2130706433/", "http://0177.0.0.1/", "http://0x7f.1/", "http://0/"])(
    "%s is local",
    (url) => {
      expect(isLocal(new URL(url).hostname)).toBe(true);
    },
  );
  it.each([
    "169.254.169.254",
    "10.0.0.1",
    "172.31.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "0.0.0.0",
    "[::]",
    "[::1]",
    "[fe80::1]",
    "[fd00:ec2::254]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "localhost.",
    "metadata.localhost",
  ])("%s is local", (host) => {
    expect(isLocal(new URL(`http://${host}/`).hostname)).toBe(true);
  });
  it.each(["1.1.1.1", "172.32.0.1", "registry.example", "[2606:4700::1111]"])(
    "%s is not local",
    (host) => {
      expect(isLocal(host)).toBe(false);
    },
  );
});

describe("a registry", () => {
  const far = new URL("https://registry.example/");
  const near = new URL("http://127.0.0.1:5000/");
  const check = (target: string, origin: URL) => (): void =>
    checkTarget(new URL(target), origin, "test");
  it.each(["https://cdn.example/x", "https://registry.example/y"])(
    "may send us to %s",
    (target) => {
      expect(check(target, far)).not.toThrow();
    },
  );
  it.each([
    "http://cdn.example/x",
    "http://registry.example/x",
    "https://127.0.0.1/x",
    "https://169.254.169.254/latest/meta-data",
    "https://[::ffff:10.0.0.1]/x",
    "https://user:secret@cdn.example/x",
    "file:///etc/passwd",
    "ftp://cdn.example/x",
  ])("may not send us to %s", (target) => {
    expect(check(target, far)).toThrow(
      expect.objectContaining({ code: "redirect-refused" }) as Error,
    );
    expect(check(target, far)).not.toThrow(/secret/);
  });
  it("on this machine may send us to other addresses of this machine", () => {
    expect(check("http://127.0.0.1:5001/token", near)).not.toThrow();
  });
  it.each([
    "http://169.254.169.254/latest/meta-data",
    "http://2852039166/",
    "http://[::ffff:169.254.169.254]/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://100.100.100.200/",
    "https://169.254.0.1:5000/",
  ])("may never send us to %s, wherever the registry is", (target) => {
    for (const origin of [near, far, new URL("http://10.0.0.1/"), new URL("http://169.254.9.9/")]) {
      expect(check(target, origin)).toThrow(
        expect.objectContaining({ code: "redirect-refused" }) as Error,
      );
    }
  });
  it("may send us to its own address, wherever it is, because the user named it", () => {
    const named = new URL("http://169.254.169.254:5000/");
    expect(check("http://169.254.169.254:5000/v2/", named)).not.toThrow();
    expect(check("http://169.254.169.254/latest", named)).toThrow();
  });
});

it("a URL in a message shows no secrets", () => {
  const url = new URL(
    "https://u:p@cdn.example/b?digest=sha256:ab&X-Amz-Signature=secret&_state=s#frag",
  );
  expect(redactUrl(url)).toBe("https://cdn.example/b?digest=sha256:ab&X-Amz-Signature=…&_state=…");
});
