// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDiffId } from "../oci/digest.ts";
import { MediaType } from "../oci/media-types.ts";
import { chainIds } from "./chain-id.ts";
import { describe as describeBytes } from "./describe-content.ts";
import { createHasher, digestBytes, hashBytes, toHex, toHexAnywhere } from "./hash.ts";
import { hashing as inBrowsers } from "./platform/browser-hashing.ts";

const abc = new TextEncoder().encode("abc");

describe("hashing", () => {
  it("agrees with FIPS 180-4's examples", () => {
    expect(digestBytes(abc)).toBe(
      "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    expect(digestBytes(abc, "sha512")).toBe(
      "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    );
  });

  it("gives the same digest with Node and in browsers, however the bytes are cut into chunks", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 })),
        fc.constantFrom("sha256" as const, "sha512" as const),
        (chunks, algorithm) => {
          const node = createHasher(algorithm);
          const portable = inBrowsers.createHasher(algorithm);
          for (const chunk of chunks) {
            node.update(chunk);
            portable.update(chunk);
          }
          const all = new Uint8Array(chunks.flatMap((chunk) => [...chunk]));
          const digest = hashBytes(all, algorithm);
          expect(node.hex()).toBe(digest);
          expect(portable.hex()).toBe(digest);
          expect(inBrowsers.hashBytes(all, algorithm)).toBe(digest);
        },
      ),
    );
  });
});

describe("hex", () => {
  it("of any part of the bytes is the same with Node and without", () => {
    const parts = fc
      .uint8Array({ maxLength: 80 })
      .chain((bytes) => fc.tuple(fc.constant(bytes), fc.nat(bytes.length), fc.nat(bytes.length)));
    fc.assert(
      fc.property(parts, ([bytes, one, other]) => {
        const [start, end] = [Math.min(one, other), Math.max(one, other)];
        const hex = toHex(bytes, start, end);
        expect(hex).toBe(toHexAnywhere(bytes, start, end));
        expect(
          Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)),
        ).toEqual(bytes.subarray(start, end));
      }),
    );
  });
});

describe("a described document", () => {
  it("has the type, digest and size of its bytes", () => {
    expect(describeBytes(MediaType.config, abc)).toEqual({
      mediaType: MediaType.config,
      digest: digestBytes(abc),
      size: 3,
    });
  });
});

describe("chainIDs", () => {
  const [one, two, three] = ["1", "2", "3"].map((digit) =>
    parseDiffId(`sha256:${digit.repeat(64)}`),
  );

  it("start with the first diffID and chain each further one", () => {
    const chain = chainIds([one!, two!, three!]);
    const text = (line: string): string => digestBytes(new TextEncoder().encode(line));
    expect(chain).toEqual([
      one,
      text(`${one!} ${two!}`),
      text(`${text(`${one!} ${two!}`)} ${three!}`),
    ]);
  });

  it("are an empty list without layers", () => {
    expect(chainIds([])).toEqual([]);
  });
});
