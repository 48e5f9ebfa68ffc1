// SPDX-License-Identifier: MIT
import { base256, type RawHeader } from "../raw-tar.ts";
import type { HostileCase, TreeFacts, Numbered } from "./hostile-case.ts";
import { directory, entry, file, oneLayer, symlink, withRecords } from "./layer-parts.ts";

type Variant = readonly [name: string, parts: Uint8Array[], tree: TreeFacts];

function accepted({ number }: Numbered, variants: readonly Variant[]): HostileCase[] {
  return variants.map(([name, parts, tree]) => ({
    number,
    name,
    expect: "accepted",
    build: () => oneLayer(parts, tree),
  }));
}

function refused(
  { number }: Numbered,
  variants: readonly (readonly [string, Uint8Array[]])[],
): HostileCase[] {
  return variants.map(([name, parts]) => ({
    number,
    name,
    expect: "refused",
    codes: ["invalid-layer"],
    build: () => oneLayer(parts),
  }));
}

const owned = (header: RawHeader): Uint8Array => file("f", "x", header);
const F: TreeFacts = { "/f": { content: "x" } };

/** The value of `security.capability` in the kernel's format 2 or 3. */
function capability(version: 2 | 3): Uint8Array {
  const bytes = new Uint8Array(version === 2 ? 20 : 24);
  bytes.set([1, 0, 0, version, 0, 0x20]);
  return bytes;
}

/** Devices, pipes, modes, owners, times and attributes, odd and impossible ones. */
export const specialFileCases: readonly HostileCase[] = [
  ...accepted({ number: 46 }, [
    [
      "devices and a pipe, never opened",
      [
        entry("3", "null", { deviceMajor: 1, deviceMinor: 3, mode: 0o666 }),
        entry("4", "disk", { deviceMajor: 8, deviceMinor: 0, mode: 0o600 }),
        entry("6", "pipe"),
      ],
      { "/null": { type: "character" }, "/disk": { type: "block" }, "/pipe": { type: "fifo" } },
    ],
    [
      "files in place of devices and a pipe",
      [
        entry("4", "disk", { deviceMajor: 8, deviceMinor: 0 }),
        file("disk", "no disk"),
        entry("6", "pipe"),
        file("pipe", "no pipe"),
      ],
      { "/disk": { type: "file", content: "no disk" }, "/pipe": { content: "no pipe" } },
    ],
    [
      "a contiguous file",
      [file("f", "x", { typeFlag: "7" })],
      { "/f": { type: "file", content: "x" } },
    ],
    [
      "a pipe and a file with the numbers of a device",
      [
        entry("6", "pipe", { deviceMajor: 8, deviceMinor: 1 }),
        file("f", "x", { deviceMajor: 8, deviceMinor: 1 }),
      ],
      { "/pipe": { type: "fifo" }, "/f": { type: "file", content: "x" } },
    ],
    [
      "a device with numbers that the kernel would cut to others'",
      [entry("4", "dev", { deviceMajor: 0o10010, deviceMinor: 0o4000000 })],
      { "/dev": { type: "block" } },
    ],
    [
      "a device with the largest numbers",
      [entry("3", "dev", { deviceMajor: 0o7777777, deviceMinor: 0o7777777 })],
      { "/dev": { type: "character" } },
    ],
  ]),
  ...refused({ number: 46 }, [
    ["a socket", [entry("s", "socket")]],
    ["a type that nobody knows", [entry("Z", "f")]],
  ]),
  ...accepted({ number: 47 }, [
    [
      "setuid, setgid and sticky bits",
      [
        file("su", "x", { mode: 0o4755 }),
        file("sg", "x", { mode: 0o2711 }),
        directory("tmp", { mode: 0o1777 }),
      ],
      { "/su": { mode: 0o755 }, "/sg": { mode: 0o711 }, "/tmp": { mode: 0o777 } },
    ],
  ]),
  ...refused({ number: 48 }, [
    ["a negative uid", [owned({ uid: base256(-2, 8) })]],
    ["a uid of 2^32 (CVE-2024-40635)", [owned({ uid: base256(2 ** 32, 8) })]],
    ["a PAX gid of 2^32", [withRecords({ gid: "4294967296" }, owned({}))]],
    ["a negative PAX uid", [withRecords({ uid: "-1" }, owned({}))]],
    ["a uid that is no number", [owned({ uid: "twelve" })]],
    ["a uid beyond 2^53", [owned({ uid: base256(2n ** 54n, 8) })]],
    ["a mode that is no number", [owned({ mode: "rw-r--r" })]],
  ]),
  ...accepted({ number: 48 }, [
    ["a uid above 2^31", [owned({ uid: base256(2 ** 31 + 1, 8) })], F],
    ["a uid of 2^32 - 2", [withRecords({ uid: "4294967294" }, owned({}))], F],
  ]),
  ...refused({ number: 49 }, [
    ["an mtime that is NaN", [withRecords({ mtime: "NaN" }, owned({}))]],
    ["an mtime of 1e308", [withRecords({ mtime: "1e308" }, owned({}))]],
    ["an mtime of 17 digits", [withRecords({ mtime: "99999999999999999" }, owned({}))]],
  ]),
  ...accepted({ number: 49 }, [
    ["a negative mtime", [owned({ mtime: base256(-86_400, 12) })], { "/f": { mtime: -86_400 } }],
    [
      "a negative mtime with nanoseconds",
      [withRecords({ mtime: "-1.5" }, owned({}))],
      { "/f": { mtime: -2 } },
    ],
    [
      "an mtime with nanoseconds",
      [withRecords({ mtime: "981173106.123456789" }, owned({}))],
      { "/f": { mtime: 981_173_106 } },
    ],
    ["an mtime of year 33658", [owned({ mtime: base256(1e12, 12) })], F],
  ]),
  ...accepted({ number: 50 }, [
    [
      "a capability of version 2",
      [withRecords({ "SCHILY.xattr.security.capability": capability(2) }, owned({}))],
      F,
    ],
    [
      "a capability of version 3",
      [withRecords({ "SCHILY.xattr.security.capability": capability(3) }, owned({}))],
      F,
    ],
    [
      "a label of SELinux",
      [withRecords({ "SCHILY.xattr.security.selinux": "system_u:object_r:etc_t:s0\0" }, owned({}))],
      F,
    ],
    [
      "an attribute of 1 MiB",
      [withRecords({ "SCHILY.xattr.user.big": new Uint8Array(1 << 20) }, owned({}))],
      F,
    ],
    ["an attribute of no namespace", [withRecords({ "SCHILY.xattr.odd": "x" }, owned({}))], F],
    [
      "an attribute of a link, which no disk holds",
      [withRecords({ "SCHILY.xattr.user.a": "x" }, symlink("l", "/no/such"))],
      { "/l": { type: "symlink" } },
    ],
  ]),
  ...refused({ number: 50 }, [
    [
      "an attribute whose name has a NUL",
      [withRecords({ "SCHILY.xattr.user.\0": "x" }, owned({}))],
    ],
    ["an attribute without a name", [withRecords({ "SCHILY.xattr.": "x" }, owned({}))]],
  ]),
  ...accepted({ number: 51 }, [
    [
      "a directory of mode 000, then what is in it, and its time",
      [
        directory("d", { mode: 0, mtime: 1_000_000_000 }),
        file("d/f", "x", { mode: 0 }),
        directory("d/e", { mode: 0, mtime: 1_000_000_001 }),
        file("d/e/f", "y"),
      ],
      {
        "/d": { type: "directory", mode: 0, mtime: 1_000_000_000 },
        "/d/e": { type: "directory", mode: 0, mtime: 1_000_000_001 },
        "/d/e/f": { type: "file", size: 1 },
      },
    ],
  ]),
  ...accepted({ number: 52 }, [
    [
      "pipes where files are looked for (CVE-2024-9676)",
      [entry("6", "etc/passwd"), entry("6", "etc/group"), entry("6", "etc/os-release")],
      { "/etc/passwd": { type: "fifo" } },
    ],
  ]),
  ...accepted({ number: 53 }, elfs()),
];

/** For attack 53: executables with wrong headers. Reading them must end, and copying them must work. */
function elfs(): Variant[] {
  const header = (patch: (view: DataView) => void): Uint8Array => {
    const bytes = new Uint8Array(256);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    const view = new DataView(bytes.buffer);
    view.setUint16(16, 3, true);
    view.setUint16(18, 62, true);
    view.setUint16(54, 56, true);
    patch(view);
    return bytes;
  };
  const variants: readonly [string, (view: DataView) => void][] = [
    [
      "an ELF file with 65,535 program headers beyond its end",
      (view) => {
        view.setBigUint64(32, 2n ** 63n - 1n, true);
        view.setUint16(56, 0xffff, true);
      },
    ],
    [
      "an ELF file whose interpreter is outside of it",
      (view) => {
        view.setBigUint64(32, 64n, true);
        view.setUint16(56, 1, true);
        view.setUint32(64, 3, true);
        view.setBigUint64(72, 2n ** 62n, true);
        view.setBigUint64(96, 2n ** 62n, true);
      },
    ],
    [
      "an ELF file whose program header is its dynamic table",
      (view) => {
        view.setBigUint64(32, 64n, true);
        view.setUint16(56, 1, true);
        view.setUint32(64, 2, true);
        view.setBigUint64(72, 64n, true);
        view.setBigUint64(96, 192n, true);
      },
    ],
  ];
  return variants.map(([name, patch]) => [
    name,
    [file("usr/bin/x", header(patch), { mode: 0o755 })],
    { "/usr/bin/x": { type: "file", size: 256, mode: 0o755 } },
  ]);
}
