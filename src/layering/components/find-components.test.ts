// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import {
  b,
  directory,
  file,
  mergeImage,
  symlink,
  type Piece,
} from "../../../test/fixtures/layers.ts";
import { createComponentMaker } from "./component.ts";
import { findComponents, type FindComponentsOptions } from "./find-components.ts";

const LISTS = "var/lib/dpkg/info";

async function componentsIn(
  pieces: readonly Piece[],
  paths: readonly string[],
  options: FindComponentsOptions = {},
): Promise<readonly string[]> {
  const components = await findComponents(await mergeImage([pieces]), options);
  return paths.map((path) => components.of(b(path)).name);
}

describe("the component of a file", () => {
  it("is the package whose list names it, though it names it by a directory that is a link now", async () => {
    const pieces = [
      symlink("bin", "usr/bin"),
      file("usr/bin/sh", "x"),
      file("usr/bin/other", "x"),
      file(`${LISTS}/dash.list`, "/.\n/bin\n/bin/sh\n/usr/share/doc/not-there\n"),
    ];
    const found = await componentsIn(pieces, ["/usr/bin/sh", "/usr/bin/other"]);
    expect(found).toEqual(["dash (compiled)", "/usr/bin/other"]);
  });

  it("is the package without its architecture, also for what dpkg keeps of it", async () => {
    const pieces = [
      file("usr/lib/libc.so", "x"),
      file(`${LISTS}/libc6:amd64.list`, "/usr/lib/libc.so\n"),
      file(`${LISTS}/libc6:amd64.postinst`, "x"),
    ];
    const paths = [
      "/usr/lib/libc.so",
      `/${LISTS}/libc6:amd64.list`,
      `/${LISTS}/libc6:amd64.postinst`,
    ];
    expect(await componentsIn(pieces, paths)).toEqual(["libc6 (compiled)", "libc6", "libc6"]);
  });

  it("follows diversions: the file of the package lies where another put it", async () => {
    const pieces = [
      file("usr/bin/x", "new"),
      file("usr/bin/x.old", "old"),
      file("var/lib/dpkg/diversions", "/usr/bin/x\n/usr/bin/x.old\nbetter\n"),
      file(`${LISTS}/better.list`, "/usr/bin/x\n"),
      file(`${LISTS}/plain.list`, "/usr/bin/x\n"),
    ];
    expect(await componentsIn(pieces, ["/usr/bin/x", "/usr/bin/x.old"])).toEqual([
      "better (compiled)",
      "plain (compiled)",
    ]);
  });

  it("is the first by name of several packages, whatever their order in the layer", async () => {
    const lists = ["b", "a"].map((name) => file(`${LISTS}/${name}.list`, "/usr/f\n"));
    for (const pieces of [lists, [...lists].reverse()]) {
      expect(await componentsIn([file("usr/f", "x"), ...pieces], ["/usr/f"])).toEqual(["a"]);
    }
  });

  it("comes from the sums that images without dpkg have, and from apk's records", async () => {
    const pieces = [
      file("usr/lib/ssl", "x"),
      file("var/lib/dpkg/status.d/libssl3.md5sums", `${"0".repeat(32)}  usr/lib/ssl\n`),
      file("etc/motd", "x"),
      file(
        "lib/apk/db/installed",
        "C:Q1\nP:base\nV:1\nF:etc\nM:0:0:755\nR:motd\nZ:Q1\n\nP:next\nF:\nR:top\n\n",
      ),
      file("top", "x"),
    ];
    const found = await componentsIn(pieces, ["/usr/lib/ssl", "/etc/motd", "/top"]);
    expect(found).toEqual(["libssl3 (compiled)", "base", "next"]);
  });

  it("is declared before all records, also for all below a directory", async () => {
    const pieces = [file("opt/m/a/b", "x"), file(`${LISTS}/p.list`, "/opt/m/a/b\n")];
    const declared = [{ name: "models", paths: ["/opt/m"] }];
    expect(await componentsIn(pieces, ["/opt/m/a/b"], { declared })).toEqual(["models"]);
    await expect(
      componentsIn(pieces, [], { declared: [{ name: "x", paths: [] }] }),
    ).rejects.toMatchObject({
      code: "invalid-argument",
    });
  });

  it("is otherwise its directory, cut after four levels, or what it is in a directory that others share", async () => {
    const components = {
      "/a": "/a",
      "/.dockerenv": "/.dockerenv",
      "/srv/www/index.html": "/srv/www",
      "/opt/llvm/bin/clang-21": "/opt/llvm/bin",
      "/opt/toolchains/llvm/lib/clang/21/include/x.h": "/opt/toolchains/llvm/lib",
      "/usr/bin/perl5.40": "/usr/bin/perl5",
      "/usr/lib/x86_64-linux-gnu/libssl.so.3": "/usr/lib/x86_64-linux-gnu/libssl",
      "/usr/lib/chromium/locales/de.pak": "/usr/lib/chromium/locales",
      "/usr/lib/chromium/chromium": "/usr/lib/chromium",
      "/usr/share/man/man1/ls.1.gz": "/usr/share/man/man1/ls",
      "/usr/share/doc/bash/README": "/usr/share/doc/bash",
      "/usr/lib/python3/dist-packages/numpy/core/x.py": "/usr/lib/python3/dist-packages/numpy",
      "/etc/passwd": "/etc/passwd",
    };
    const found = await componentsIn([directory("usr")], Object.keys(components));
    expect(found).toEqual(Object.values(components));
  });
});

describe("the source of a package", () => {
  const STATUS = [
    "Package: libssl3t64\nStatus: install ok installed\nSource: openssl (3.5.1-1)\nVersion: 3.5.1-1+b1\n",
    "Package: openssl\nVersion: 3.5.1-1\nDescription: x\n Source: no-field\n",
  ].join("\n");

  async function sourcesIn(
    pieces: readonly Piece[],
    ...paths: readonly string[]
  ): Promise<readonly (string | undefined)[]> {
    const components = await findComponents(await mergeImage([pieces]));
    return paths.map((path) => components.of(b(path)).source);
  }

  it("is what dpkg's status names, else the package itself, and apart for what is compiled", async () => {
    const pieces = [
      file("usr/lib/libssl.so.3", "x"),
      file("usr/share/ssl", "x"),
      file("usr/bin/openssl", "x"),
      file(`${LISTS}/libssl3t64:amd64.list`, "/usr/lib/libssl.so.3\n/usr/share/ssl\n"),
      file(`${LISTS}/openssl.list`, "/usr/bin/openssl\n"),
      file("var/lib/dpkg/status", STATUS),
    ];
    const paths = ["/usr/lib/libssl.so.3", "/usr/share/ssl", "/usr/bin/openssl", "/etc/x"];
    const expected = ["openssl (compiled)", "openssl", "openssl (compiled)", undefined];
    expect(await sourcesIn(pieces, ...paths)).toEqual(expected);
  });

  it("is what the paragraphs of images without dpkg, and what apk's origin says", async () => {
    const pieces = [
      file("usr/share/ssl", "x"),
      file("var/lib/dpkg/status.d/libssl3.md5sums", `${"0".repeat(32)}  usr/share/ssl\n`),
      file("var/lib/dpkg/status.d/libssl3", "Package: libssl3\nSource: openssl\n"),
      file("etc/motd", "x"),
      file("etc/other", "x"),
      file(
        "lib/apk/db/installed",
        "P:ssl_client\no:busybox\nF:etc\nR:motd\n\nP:next\nF:etc\nR:other\n\n",
      ),
    ];
    const found = await sourcesIn(
      pieces,
      ...["/usr/share/ssl", "/var/lib/dpkg/status.d/libssl3", "/etc/motd", "/etc/other"],
    );
    expect(found).toEqual(["openssl", "openssl", "busybox", "next"]);
  });

  it("and the component are one object for all their paths", async () => {
    const pieces = [file("a", "x"), file("b", "x"), file(`${LISTS}/p.list`, "/a\n/b\n")];
    const components = await findComponents(await mergeImage([pieces]));
    expect(components.of(b("/a"))).toBe(components.of(b("/b")));
    expect(components.of(b("/srv/x"))).toBe(components.of(b("/srv/y")));
  });
});

describe("what of a package is compiled", () => {
  const paths = {
    compiled: [
      ...[
        "/usr/bin/perl",
        "/sbin/init",
        "/usr/lib/x86_64-linux-gnu/libz.so.1.3.1",
        "/usr/lib/libz.a",
      ],
      ...["/usr/lib/git-core/git", "/opt/x/libexec/y", "/usr/lib/jvm/java-21/lib/modules"],
      ...["/lib64/ld-linux.so.2", "/usr/lib/python3/numpy/core/multiarray.cpython-313.so"],
    ],
    rest: [
      ...["/usr/share/doc/libz.so/README", "/usr/lib/python3/dist-packages/x.py", "/etc/passwd"],
      ...["/usr/share/perl/5.40/Foo.pm", "/usr/lib/os-release.txt", "/usr/bin", "/lib"],
    ],
  };

  it.each(Object.entries(paths).flatMap(([part, all]) => all.map((path) => ({ part, path }))))(
    "$path: $part",
    ({ part, path }) => {
      const { name } = createComponentMaker().ofPackage(b(path), b("p"), b("p"));
      expect(name).toBe(part === "compiled" ? "p (compiled)" : "p");
    },
  );
});

describe("records that are hostile or not understood", () => {
  it("name nothing outside the image, and take no memory for what is not in it", async () => {
    const lines = Array.from({ length: 20_000 }, (_, at) => `/no/${at}/x\n../../etc/passwd\n`);
    const pieces = [
      symlink("loop", "loop"),
      file("f", "x"),
      file(`${LISTS}/evil.list`, `/loop/x\n/${"d/".repeat(3_000)}x\n\n/f\n${lines.join("")}`),
      file("lib/apk/db/installed", "R:f\nP:\nF:\nR:f\nF:..\nR:f\n"),
    ];
    expect(await componentsIn(pieces, ["/f", "/etc/passwd"])).toEqual(["evil", "/etc/passwd"]);
  });
});
