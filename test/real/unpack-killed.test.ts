// SPDX-License-Identifier: MIT
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLayout } from "../../src/store/layout/layout.ts";
import { removeTree } from "../../src/files/remove-tree.ts";
import { directory, file, hardlink, makeImage, symlink, type Piece } from "../fixtures/layers.ts";
import { ociKit } from "./project.ts";

const KILLS = 20;
const scratch = mkdtempSync(join(tmpdir(), "oci-kit-killed-"));
const layout = join(scratch, "layout");
const root = join(scratch, "root");
const program = join(import.meta.dirname, "../../bin/oci-kit");

/** A few thousand entries of every kind that an ordinary user can make. */
function pieces(content: string): Piece[] {
  return Array.from({ length: 150 }, (_, at) => [
    directory(`d${at}`, { mode: at % 50 === 0 ? 0 : 0o755, mtime: at }),
    ...Array.from({ length: 25 }, (_none, name) =>
      file(`d${at}/f${name}`, `${content} ${at} ${name}`.repeat(50), { mtimeNanoseconds: 123 }),
    ),
    symlink(`d${at}/l`, content),
    hardlink(`d${at}/h`, `d${at}/f1`),
  ]).flat();
}

/** The state in the sidecar; undefined when there is no sidecar yet. */
function stateOf(): string | undefined {
  const path = `${root}.oci-kit/sidecar.json`;
  if (!existsSync(path)) return undefined;
  return (JSON.parse(readFileSync(path, "utf8")) as { readonly state: string }).state;
}

async function unpackAndKill(image: string, after: number): Promise<boolean> {
  const child = spawn(process.execPath, [program, "unpack", image, root], { stdio: "ignore" });
  const ended = once(child, "exit");
  const first = await Promise.race([ended.then(() => "ended"), setTimeout(after, "late")]);
  if (first === "late") child.kill("SIGKILL");
  await ended;
  return child.signalCode === "SIGKILL";
}

beforeAll(async () => {
  const store = await openLayout(layout, { create: true });
  await makeImage([pieces("one"), [file("d1/f1", "upper")]], { store, tag: "one" });
  await makeImage([pieces("two")], { store, tag: "two" });
});
afterAll(() => removeTree(scratch));

describe("an unpack that is killed at any moment", () => {
  it(`ends in a proven directory when it is run again, ${KILLS} times out of ${KILLS}`, async () => {
    let longest = 1600;
    for (let round = 0; round < KILLS;) {
      const tag = round % 2 === 0 ? "one" : "two";
      const image = `oci:${layout}:${tag}`;
      const after = 100 + Math.random() * (longest - 100);
      const wasKilled = await unpackAndKill(image, after);
      if (wasKilled) round += 1;
      else longest = after;
      if (wasKilled && stateOf() === "complete") {
        // Killed before the first change or after the last: the directory is whole in both cases.
        const verified = await ociKit(scratch, ["verify", root, "--against", imageOfRecord()]);
        expect(verified.status, verified.stderr).toBe(0);
      }
      if (round % 5 !== 0) continue;
      const { status, stdout, stderr } = await ociKit(scratch, ["unpack", image, root]);
      expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: "" });
      expect(stateOf()).toBe("complete");
      expect(readFileSync(join(root, "d3/f3"), "utf8").startsWith(tag)).toBe(true);
    }
  });
});

function imageOfRecord(): string {
  const text = readFileSync(`${root}.oci-kit/sidecar.json`, "utf8");
  const { image } = JSON.parse(text) as { readonly image: { readonly digest: string } };
  return `oci:${layout}@${image.digest}`;
}
