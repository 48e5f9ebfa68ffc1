// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { directory, file, makeImage, symlink, type Piece } from "../../../test/fixtures/layers.ts";
import { makeScratch, type Scratch } from "../../../test/fixtures/unpacking.ts";
import type { Bytes } from "../../bytes/bytes.ts";
import { verify } from "../../bytes/verify.ts";
import { OciError } from "../../oci/errors.ts";
import type { Image } from "../../image/image.ts";
import { readRecord, writeRecord } from "../../disk/sidecar/unpack-record.ts";
import { stagingName } from "../staging/staging.ts";
import { unpack } from "./unpack.ts";

let scratch: Scratch;

beforeEach(() => {
  scratch = makeScratch();
});
afterEach(() => scratch.remove());

/** Enough files to keep an unpack busy for several turns of the event loop. */
function manyFiles(content: string): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < 20; at += 1) {
    pieces.push(directory(`d${at}`, { mtime: at }));
    for (let name = 0; name < 10; name += 1) {
      pieces.push(file(`d${at}/f${name}`, `${content} ${at} ${name}`));
    }
    pieces.push(symlink(`d${at}/l`, "f0"));
  }
  return pieces;
}

/** An image whose store fails after this many bytes of layers were read. */
function failAfter(image: Image, allowed: number): Image {
  let bytes = 0;
  async function* failing(content: Bytes): Bytes {
    for await (const chunk of content) {
      for (let at = 0; at < chunk.length; at += 512) {
        const part = chunk.subarray(at, at + 512);
        bytes += part.length;
        if (bytes > allowed) throw new OciError("unreachable", "the store is gone");
        yield part;
      }
    }
  }
  const fetch: Image["store"]["fetch"] = (descriptor, options) =>
    verify(failing(image.store.fetch(descriptor, options)), descriptor);
  return { ...image, store: { ...image.store, fetch } };
}

describe("an unpack that is interrupted", () => {
  it("is completed by a second run, wherever reading failed", async () => {
    const image = await makeImage([manyFiles("one"), manyFiles("two")]);
    const size = image.manifest.value.layers.reduce((sum, layer) => sum + layer.size, 0);
    for (let allowed = 0; allowed < size; allowed += Math.ceil(size / 12)) {
      const broken = unpack(failAfter(image, allowed), scratch.directory);
      await expect(broken).rejects.toMatchObject({ code: "unreachable" });
      expect(readRecord(scratch.sidecar)).toMatchObject({ state: "writing" });
      expect(scratch.list()).toEqual([]);
    }
    const { proof } = await unpack(image, scratch.directory);
    expect(proof!.differences).toEqual([]);
    expect(readRecord(scratch.sidecar)).toMatchObject({ state: "complete" });
  });

  it("is completed by a second run, at whichever event it was aborted, from nothing or from another image", async () => {
    const images = [await makeImage([manyFiles("one")]), await makeImage([manyFiles("two")])];
    for (let events = 0, finished = 0; finished < 2; events += 1) {
      const stop = new AbortController();
      let seen = 0;
      const onProgress = (): void => {
        if (seen === events) stop.abort();
        seen += 1;
      };
      const image = images[events % 2]!;
      const { signal } = stop;
      const outcome = await unpack(image, scratch.directory, { signal, onProgress }).then(
        () => "done",
        (error: unknown) => (error as OciError).code,
      );
      const { state } = readRecord(scratch.sidecar)!;
      expect(outcome === "done" ? state : "writing").toBe(state);
      if (outcome === "done") finished += 1;
      else expect(outcome).toBe("aborted");
    }
    await scratch.unpack([manyFiles("three")]);
  });

  it("leaves no temporary name in the directory, and a second run removes what a killed run left", async () => {
    await scratch.unpack([[file("a", "x")]]);
    const staging = stagingName();
    const { files, counts, refusals, ...record } = readRecord(scratch.sidecar)!;
    expect([files, counts, refusals]).not.toContain(undefined);
    writeRecord(scratch.sidecar, { ...record, state: "writing", staging });
    fs.mkdirSync(scratch.at(`${staging}/aside-1/deep`), { recursive: true });
    fs.writeFileSync(scratch.at(`${staging}/0-7`), "half a fi");
    await scratch.unpack([[file("a", "x")]]);
    expect(scratch.list()).toEqual(["a"]);
  });

  it("does not make the next run remove names that no unpack gave", async () => {
    await scratch.unpack([[file("a", "x")]]);
    fs.mkdirSync(`${scratch.top}/outside`);
    for (const staging of ["../outside", "a", "."]) {
      const { files, counts, refusals, ...record } = readRecord(scratch.sidecar)!;
      expect([files, counts, refusals]).not.toContain(undefined);
      writeRecord(scratch.sidecar, { ...record, state: "writing", staging });
      await scratch.unpack([[file("a", "x")]]);
      expect(fs.readdirSync(scratch.top).sort()).toEqual(["outside", "root", "root.oci-kit"]);
    }
  });

  it("is incomplete if a layer does not match its digest", async () => {
    const image = await makeImage([[file("a", "x")]]);
    const other = await makeImage([[file("a", "y")]]);
    const forged = { ...image, config: other.config };
    const failure = unpack(forged, scratch.directory);
    await expect(failure).rejects.toMatchObject({ code: "diff-id-mismatch" });
    expect(scratch.list()).toEqual([]);
    await scratch.unpack([[file("a", "x")]]);
  });

  it("lets only one unpack work in a directory at a time", async () => {
    const images = [await makeImage([manyFiles("one")]), await makeImage([manyFiles("two")])];
    const results = await Promise.all(images.map((image) => unpack(image, scratch.directory)));
    for (const { proof } of results) expect(proof!.differences).toEqual([]);
    const last = readRecord(scratch.sidecar)!.image.digest;
    const content = last === images[0]!.descriptor.digest ? "one 3 4" : "two 3 4";
    expect(scratch.read("d3/f4")).toBe(content);
  });
});
