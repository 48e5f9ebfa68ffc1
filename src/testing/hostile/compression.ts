// SPDX-License-Identifier: MIT
import { deflateRawSync, gzipSync } from "node:zlib";
import { MediaType } from "../../oci/media-types.ts";
import { joinBytes, rawTar } from "../raw-tar.ts";
import type { HostileCase, HostileExpectation, Numbered } from "./hostile-case.ts";
import { blobLayer, file, raw } from "./layer-parts.ts";
import { skippableFrame, zstdFrame, zstdOfZeros } from "./zstd-frames.ts";

const TAR = rawTar(file("f", "content"));
const TREE = { "/f": { content: "content" } };
const CUT = 700;
const gzip = (bytes: Uint8Array): Uint8Array => new Uint8Array(gzipSync(bytes));
const GZIP = gzip(TAR);
const TWO = [gzip(TAR.subarray(0, CUT)), gzip(TAR.subarray(CUT))] as const;
const EMPTY = gzip(new Uint8Array());
const ZEROS = new Uint8Array(700);
const ZSTD = zstdFrame(TAR);
const ZSTD_TWO = [zstdFrame(TAR.subarray(0, CUT)), zstdFrame(TAR.subarray(CUT))] as const;
const BOMB_LIMITS = { expansionFloor: 1 << 20, expansionRatio: 100 };
const BOMB_BYTES = 16 << 20;

function patched(bytes: Uint8Array, fromEnd: number): Uint8Array {
  const copy = bytes.slice();
  copy[copy.length - fromEnd]! ^= 1;
  return copy;
}

type Blobs = Readonly<Record<string, () => Uint8Array>>;

function cases(
  { number }: Numbered,
  expect: HostileExpectation,
  mediaType: string,
  blobs: Blobs,
): HostileCase[] {
  return Object.entries(blobs).map(([name, blob]) => ({
    number,
    name,
    expect,
    codes: ["invalid-compression", "truncated", "invalid-layer", "diff-id-mismatch"],
    build: () => ({
      layers: [blobLayer(blob(), mediaType, TAR)],
      tree: expect === "accepted" ? TREE : {},
    }),
  }));
}

/** A bomb: the header of a large file, and zeros, which compress well. */
function bomb(name: string, mediaType: string, compressed: () => Uint8Array): HostileCase {
  return {
    number: 63,
    name,
    expect: "limited",
    codes: ["limit-exceeded"],
    limits: BOMB_LIMITS,
    build: () => ({ layers: [blobLayer(compressed(), mediaType)] }),
  };
}

const BOMB_HEAD = file("bomb", "", { size: BOMB_BYTES });

/** `count` copies, one after the other. */
function repeat(bytes: Uint8Array, count: number): Uint8Array {
  const all = new Uint8Array(bytes.length * count);
  for (let at = 0; at < all.length; at += bytes.length) all.set(bytes, at);
  return all;
}

/** Blobs that expand to very much, that end early or late, or that are compressed in another way than claimed. */
export const compressionCases: readonly HostileCase[] = [
  bomb("a gzip bomb", MediaType.layerGzip, () =>
    gzip(joinBytes(BOMB_HEAD, new Uint8Array(BOMB_BYTES))),
  ),
  bomb("a zstd bomb", MediaType.layerZstd, () =>
    joinBytes(zstdFrame(BOMB_HEAD), zstdOfZeros(BOMB_BYTES)),
  ),
  {
    number: 63,
    name: "a zstd frame with a window of 2 TiB",
    expect: "limited",
    codes: ["unsupported-compression", "limit-exceeded"],
    build: () => ({
      layers: [blobLayer(zstdFrame(TAR, { window: 0xf8 }), MediaType.layerZstd, TAR)],
    }),
  },
  ...cases({ number: 64 }, "accepted", MediaType.layerGzip, {
    "two gzip members": () => joinBytes(...TWO),
    "a hundred thousand empty gzip members (CVE-2022-30631)": () =>
      joinBytes(repeat(EMPTY, 100_000), GZIP),
    "a gzip member with a name, a comment and extra fields": () => withOptionalFields(TAR),
  }),
  ...cases({ number: 64 }, "accepted", MediaType.layerZstd, {
    "two zstd frames": () => joinBytes(...ZSTD_TWO),
    "a thousand empty zstd frames": () =>
      joinBytes(repeat(zstdFrame(new Uint8Array()), 1000), ZSTD),
  }),
  ...cases({ number: 65 }, "accepted", MediaType.layerGzip, {
    "zeros after a gzip member": () => joinBytes(GZIP, ZEROS),
    "zeros between gzip members": () => joinBytes(TWO[0], ZEROS, TWO[1]),
    "zeros between empty gzip members": () => joinBytes(EMPTY, ZEROS, EMPTY, ZEROS, GZIP),
  }),
  ...cases({ number: 66 }, "refused", MediaType.layerGzip, {
    "garbage after a gzip member": () => joinBytes(GZIP, raw("garbage")),
    "garbage after zeros": () => joinBytes(GZIP, ZEROS, raw("garbage")),
    "a gzip member that is cut off": () => GZIP.subarray(0, GZIP.length - 20),
    "a gzip member without its trailer": () => GZIP.subarray(0, GZIP.length - 8),
    "a second gzip member that is cut off": () => joinBytes(TWO[0], TWO[1].subarray(0, 20)),
    "a gzip member with a wrong checksum": () => patched(GZIP, 8),
    "a gzip member with a wrong length": () => patched(GZIP, 4),
    "no bytes where gzip should be": () => new Uint8Array(),
  }),
  ...cases({ number: 66 }, "refused", MediaType.layerZstd, {
    "garbage after a zstd frame": () => joinBytes(ZSTD, raw("garbage")),
    "a zstd frame that is cut off": () => ZSTD.subarray(0, ZSTD.length - 20),
    "a zstd block of a reserved type": () => joinBytes(ZSTD.subarray(0, 14), raw("\x07\0\0")),
    "no bytes where zstd should be": () => new Uint8Array(),
  }),
  ...cases({ number: 67 }, "refused", MediaType.layerGzip, {
    "zstd that says it is gzip": () => ZSTD,
    "a tar that says it is gzip": () => TAR,
    "xz that says it is gzip": () => joinBytes(raw("\xfd7zXZ\0"), ZEROS),
    "bzip2 that says it is gzip": () => joinBytes(raw("BZh9"), ZEROS),
  }),
  ...cases({ number: 67 }, "refused", MediaType.layerZstd, {
    "gzip that says it is zstd": () => GZIP,
    "a tar that says it is zstd": () => TAR,
  }),
  ...cases({ number: 67 }, "refused", MediaType.layer, {
    "gzip that says it is a tar": () => GZIP,
    "zstd that says it is a tar": () => ZSTD,
  }),
  {
    number: 67,
    name: "a media type that nobody knows",
    expect: "refused",
    codes: ["unsupported-media-type"],
    build: () => ({
      layers: [blobLayer(TAR, "application/vnd.oci.image.layer.v1.tar+sh", TAR)],
    }),
  },
  ...cases({ number: 68 }, "accepted", MediaType.layerZstd, {
    "skippable frames before, between and behind": () =>
      joinBytes(
        skippableFrame(raw("before")),
        ZSTD_TWO[0],
        skippableFrame(new Uint8Array(300_000), 15),
        ZSTD_TWO[1],
        skippableFrame(new Uint8Array()),
      ),
    "zstd:chunked whose table of contents lies": () =>
      joinBytes(
        ...ZSTD_TWO,
        skippableFrame(zstdFrame(raw('{"version":1,"entries":[{"type":"reg","name":"../evil"}]}'))),
        skippableFrame(joinBytes(repeat(raw("\xff"), 56), raw("GNUlInUx"))),
      ),
  }),
  ...cases({ number: 68 }, "refused", MediaType.layerZstd, {
    "a skippable frame longer than what is left": () =>
      joinBytes(ZSTD, skippableFrame(ZEROS).subarray(0, 100)),
  }),
];

/** One member with every optional field that RFC 1952 allows in its header. */
function withOptionalFields(bytes: Uint8Array): Uint8Array {
  const plain = gzip(bytes);
  const header = raw("\x1f\x8b\x08\x1c\0\0\0\0\0\x03\x04\0AB\0\0name\0comment\0");
  return joinBytes(header, new Uint8Array(deflateRawSync(bytes)), plain.subarray(plain.length - 8));
}
