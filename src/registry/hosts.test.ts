// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import {
  checkTarget,
  defaultScheme,
  isLoopback,
  redactUrl,
  registryOrigin,
  zoneOfHost,
} from "./hosts.ts";

describe("the origin of a registry", () => {
  it.each([
    ["registry.example", "https://registry.example"],
    ["registry.example:443", "https://registry.example"],
    ["registry.example:80", "https://registry.example:80"],
    ["docker.io", "https://registry-1.docker.io"],
    ["localhost.example:5000", "https://localhost.example:5000"],
    ["192.168.1.2:5000", "https://192.168.1.2:5000"],
  ])("of %s by https is %s", (registry, expected) => {
    expect(registryOrigin(registry, "https").origin).toBe(expected);
  });
  it("keeps the port under http", () => {
    expect(registryOrigin("r.example:443", "http").href).toBe("http://r.example:443/");
  });
  it.each(["", "a/b", "u@h", "h?x", "h#x", "h x", "h:port"])("can't be made of %j", (registry) => {
    expect(() => registryOrigin(registry, "https")).toThrow(/a host with an optional port/);
  });
});

describe("the scheme of a registry for which none is given", () => {
  it.each(["localhost:5000", "127.1.2.3:5000", "[::1]:5000", "localhost"])(
    "is found out for %s",
    (registry) => {
      expect(defaultScheme(registry)).toBe("either");
    },
  );
  it.each(["localhost.example:5000", "box.local:5000", "192.168.1.2:5000", "registry.example:80"])(
    "is https for %s, which is not this machine",
    (registry) => {
      expect(defaultScheme(registry)).toBe("https");
    },
  );
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
  it.each([
    ["2130706433", "machine"],
    ["0177.0.0.1", "machine"],
    ["0x7f.1", "machine"],
    ["0", "machine"],
    ["[::]", "machine"],
    ["[::1]", "machine"],
    ["[::ffff:127.0.0.1]", "machine"],
    ["[::127.0.0.1]", "machine"],
    ["localhost.", "machine"],
    ["metadata.localhost", "machine"],
    ["10.0.0.1", "private"],
    ["172.31.0.1", "private"],
    ["192.168.0.1", "private"],
    ["100.64.0.1", "private"],
    ["[::ffff:10.0.0.1]", "private"],
    ["[64:ff9b::a00:1]", "private"],
    ["[fd12::1]", "private"],
    ["169.254.169.254", "metadata"],
    ["2852039166", "metadata"],
    ["[fe80::1]", "metadata"],
    ["[fd00:ec2::254]", "metadata"],
    ["[::ffff:169.254.169.254]", "metadata"],
    ["[64:ff9b::a9fe:a9fe]", "metadata"],
    ["100.100.100.200", "metadata"],
    ["1.1.1.1", "public"],
    ["172.32.0.1", "public"],
    ["[2606:4700::1111]", "public"],
    ["registry.example", undefined],
  ])("%s is in the zone %s", (host, zone) => {
    expect(zoneOfHost(new URL(`http://${host}/`).hostname)).toBe(zone);
  });
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
    "https://169.254.169.254/latest/meta-data",
    "https://metadata.google.internal/computeMetadata/v1/",
    "https://user:secret@cdn.example/x",
    "file:///etc/passwd",
    "ftp://cdn.example/x",
  ])("may not send us to %s", (target) => {
    expect(check(target, far)).toThrow(
      expect.objectContaining({ code: "redirect-refused" }) as Error,
    );
    expect(check(target, far)).not.toThrow(/secret/);
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
