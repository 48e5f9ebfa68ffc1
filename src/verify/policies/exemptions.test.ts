// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { app, verifyFiles, type Change } from "../../../test/fixtures/runnable-image.ts";
import type { Exemption, Policy } from "./policy.ts";

async function told(policy: Policy, files: Change["files"] = {}): Promise<readonly string[]> {
  const { findings } = await verifyFiles({ files, policies: [policy] });
  return findings.map(({ severity, code, message }) => `${severity} ${code} ${message}`);
}

function writable(exempt: readonly Exemption[]): Policy {
  return { kind: "world-writable", name: "writable", exempt };
}

const open = { content: "x", mode: 0o666 };
const reason = "a spool of the print system";

it("an exemption holds for its path, and for all that is below it", async () => {
  const exempt = [{ path: "/var/spool", reason }];
  expect(await told(writable(exempt), { "var/spool/a": open, "var/spool/b/c": open })).toEqual([]);
  expect(await told(writable(exempt), { "var/spool/a": open, "var/spools": open })).toEqual([
    "error world-writable /var/spools: everybody may write to it",
  ]);
});

it("an exemption may be a pattern", async () => {
  const exempt = [{ path: "/var/**/*.sock", reason }];
  expect(await told(writable(exempt), { "var/a.sock": open, "var/b/c.sock": open })).toEqual([]);
});

it("an exemption that matches nothing is noted, with its reason", async () => {
  expect(await told(writable([{ path: "/var/gone", reason }]))).toEqual([
    "note exemption-unused the exemption /var/gone (a spool of the print system) exempts nothing",
  ]);
});

it("an exemption of a name is about a variable, a label or a key", async () => {
  const exempt = [{ path: "PATH", reason: "asked for" }];
  const policy: Policy = { kind: "environment", name: "env", forbidden: ["P*"], exempt };
  expect(await told(policy)).toEqual([]);
});

it("a policy that is a note changes no answer", async () => {
  const policy: Policy = { kind: "absent", name: "old", paths: ["/etc/passwd"], severity: "note" };
  const { ok, findings } = await verifyFiles({ policies: [policy] });
  expect(ok).toBe(true);
  expect(findings).toMatchObject([{ severity: "note", policy: "old", layer: { number: 0 } }]);
});

it("a pattern follows links among its plain parents, inside the root", async () => {
  const files = { "opt/real/lib/liba.so": "x", "opt/name": { symlink: "/opt/real" } };
  const paths = [{ path: "/opt/name/lib/*.so" }, { path: "/opt/name/lib/liba.so" }];
  expect(await told({ kind: "present", name: "there", paths }, files)).toEqual([]);
  const absent: Policy = { kind: "absent", name: "gone", paths: ["/opt/name/lib/*.so"] };
  expect(await told(absent, files)).toEqual([
    "error path-forbidden /opt/real/lib/liba.so: is there, and nothing may match /opt/name/lib/*.so",
  ]);
});

it("a tree without any ELF object is noted: nothing was compared", async () => {
  const policy: Policy = { kind: "architecture", name: "machines", trees: [{ path: "/work" }] };
  expect(await told(policy)).toEqual([
    "note tree-without-objects /work: no ELF object is there, so none was compared",
  ]);
});

it("a tree of its own may lie in another tree, and its programs are not followed", async () => {
  const trees = [{ path: "/opt" }, { path: "/opt/sdk", architecture: "arm64" }];
  const policy: Policy = { kind: "architecture", name: "machines", trees };
  const program = { content: app({ machine: 183, interpreter: "/system/linker" }), mode: 0o755 };
  expect(await told(policy, { "opt/sdk/bin/adb": program })).toEqual([]);
});
