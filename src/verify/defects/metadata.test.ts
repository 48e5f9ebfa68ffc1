// SPDX-License-Identifier: MIT
import { verifyFamily } from "../../../test/fixtures/family-image.ts";
import { app, run } from "../../../test/fixtures/runnable-image.ts";
import { findsEachAlone } from "../../../test/fixtures/seeded-defects.ts";

const capability = new Map([["security.capability", "\u0001\u0000\u0000\u0002"]]);

findsEachAlone(verifyFamily, [
  [
    "a setuid program more than the inventory has",
    { files: { "usr/bin/ping": { content: app(), mode: 0o4755 } } },
    ["privilege-extra", "/usr/bin/ping", "privileges"],
  ],
  [
    "a setgid program",
    { files: { "usr/bin/wall": { content: app(), mode: 0o2755 } } },
    ["privilege-extra", "/usr/bin/wall", "privileges"],
  ],
  [
    "a program with capabilities",
    { files: { "usr/bin/ping": { content: app(), mode: 0o755, xattrs: capability as never } } },
    ["privilege-extra", "/usr/bin/ping", "privileges"],
  ],
  [
    "a second name of a setuid program",
    { files: { "opt/su": { content: app(), mode: 0o6755 } } },
    ["privilege-extra", "/opt/su", "privileges"],
  ],
  [
    "a tree that belongs to root",
    { files: { "usr/local/cargo/registry": { content: "x", mode: 0o644 } } },
    ["wrong-owner", "/usr/local/cargo/registry", "owners"],
  ],
  [
    "a tree whose top belongs to root",
    { files: { "usr/local/cargo/": { uid: 0, gid: 0 } } },
    ["wrong-owner", "/usr/local/cargo", "owners"],
  ],
  [
    "a wrong group in a tree",
    { files: { "usr/local/cargo/cargo": { ...(run(app()) as object), uid: 1001, gid: 0 } } },
    ["wrong-owner", "/usr/local/cargo/cargo", "owners"],
  ],
  [
    "a link that leads nowhere",
    { files: { "usr/share/a": { symlink: "b" } } },
    ["dangling-link", "/usr/share/a", "dangling"],
  ],
  [
    "a link to itself",
    { files: { "usr/share/a": { symlink: "a" } } },
    ["dangling-link", "/usr/share/a", "dangling"],
  ],
  [
    "an absolute link to what only a builder has",
    { files: { "usr/share/a": { symlink: "/artifact-src/a" } } },
    ["dangling-link", "/usr/share/a", "dangling"],
  ],
  [
    "a file that everybody may write",
    { files: { "etc/settings": { content: "x", mode: 0o666 } } },
    ["world-writable", "/etc/settings", "writable"],
  ],
  [
    "a directory that everybody may write, without the sticky bit",
    { files: { "var/spool/": { mode: 0o777 } } },
    ["world-writable", "/var/spool", "writable"],
  ],
  [
    "a tmp without the sticky bit",
    { files: { "tmp/": { mode: 0o777 } } },
    ["world-writable", "/tmp", "writable"],
  ],
]);
