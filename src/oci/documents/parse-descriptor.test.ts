// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { MediaType } from "../media-types.ts";
import { parseDescriptor } from "./parse-documents.ts";

const layer = { mediaType: MediaType.layerGzip, digest: `sha256:${"a".repeat(64)}`, size: 3 };
const invalid = expect.objectContaining({ code: "invalid-descriptor" }) as Error;

describe("parseDescriptor", () => {
  it("keeps every field of the spec and every unknown one", () => {
    const full = {
      ...layer,
      urls: ["https://a.b/c"],
      annotations: { "org.opencontainers.image.title": "x" },
      data: "YWJj",
      artifactType: "application/vnd.example+json",
      platform: { os: "linux", architecture: "arm", variant: "v7", features: ["old"] },
      "com.example.unknown": { deep: [null] },
    };
    expect(parseDescriptor(full, "here")).toEqual(full);
  });

  it.each([
    ["a path (CVE-2024-3727, CVE-2024-37032)", "sha256:../../x"],
    ["upper case", `sha256:${"A".repeat(64)}`],
    ["63 hex digits", `sha256:${"a".repeat(63)}`],
    ["a percent escape", `sha256:${"A".repeat(61)}..%2f`],
    ["no text", 5],
  ])("refuses a digest that is %s", (_name, digest) => {
    expect(() => parseDescriptor({ ...layer, digest }, "here")).toThrow(invalid);
  });

  it.each([-1, 1.5, 2 ** 53, NaN, Infinity, "3", null, undefined])(
    "refuses the size %s",
    (size) => {
      expect(() => parseDescriptor({ ...layer, size }, "here")).toThrow(invalid);
    },
  );

  it.each([0, 2 ** 53 - 1])("accepts the size %s", (size) => {
    expect(parseDescriptor({ ...layer, size }, "here").size).toBe(size);
  });

  it.each(["", "text", "a/b\r\nX-Header: c", "a/b c", "/b", "a/", null, 1, `a/${"b".repeat(128)}`])(
    "refuses the media type %j",
    (mediaType) => {
      expect(() => parseDescriptor({ ...layer, mediaType }, "here")).toThrow(invalid);
    },
  );

  it.each([
    "application/vnd.cncf.helm.config.v1+json",
    "text/plain; charset=utf-8",
    "application/x",
  ])("accepts the media type of an artifact: %s", (mediaType) => {
    expect(parseDescriptor({ ...layer, mediaType }, "here").mediaType).toBe(mediaType);
  });

  it.each([
    ["two bytes", "YWI="],
    ["four bytes", "YWJjZA=="],
    ["no base64", "Y.Jj"],
    ["base64url", "_-__"],
    ["base64 without its padding", "YWJ"],
    ["base64 with too much padding", "Y==="],
    ["base64 on two lines", "YW\nJj"],
    ["no text", 3],
  ])("refuses data of %s when the size is three", (_name, data) => {
    expect(() => parseDescriptor({ ...layer, data }, "here")).toThrow(
      /^here, data: expected base64 of as many/,
    );
  });

  it("accepts data of exactly its size, also of size zero", () => {
    expect(parseDescriptor({ ...layer, data: "YWJj" }, "here").data).toBe("YWJj");
    expect(parseDescriptor({ ...layer, size: 0, data: "" }, "here").data).toBe("");
    expect(parseDescriptor({ ...layer, size: 1, data: "YQ==" }, "here").data).toBe("YQ==");
  });

  it("accepts any text in annotations: a path, a newline, a megabyte", () => {
    const annotations = {
      "org.opencontainers.image.title": "../../x",
      "org.opencontainers.image.ref.name": "a\nb\u001b[2J",
      constructor: "x".repeat(1024 * 1024),
    };
    expect(parseDescriptor({ ...layer, annotations }, "here").annotations).toEqual(annotations);
  });

  it.each([
    ["annotations", { a: 1 }, "an object of strings, got an object"],
    ["annotations", ["a"], "an object of strings, got an array"],
    ["urls", ["a", 1], "an array of strings, got an array"],
    ["platform", { os: 1 }, "a string, got 1"],
    ["artifactType", 1, "a string, got 1"],
  ])("refuses malformed %s", (key, value, message) => {
    expect(() => parseDescriptor({ ...layer, [key]: value }, "here")).toThrow(message);
  });

  it.each([undefined, null, "x", [], 1])("refuses %j", (value) => {
    expect(() => parseDescriptor(value, "here")).toThrow(/^here: expected an object, got /);
  });
});
