// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import { formatJson, parseJson } from "../../oci/json.ts";
import { MediaType } from "../../oci/media-types.ts";
import { parseConfig } from "../../oci/documents/parse-documents.ts";
import { rewriteConfig } from "./rewrite-document.ts";

function read(body: object) {
  const bytes = formatJson(body);
  return parseConfig(bytes, describeBytes(MediaType.config, bytes));
}

describe("a configuration whose keys are in another case", () => {
  const written = {
    Architecture: "amd64",
    "X-Tool": { Config: 1 },
    Config: { env: ["A=b"], Hostname: "kept" },
    RootFS: { Type: "layers" },
  };

  it("gets a change in the key that is there, not in a second one", () => {
    const document = rewriteConfig(read(written), { settings: { Cmd: ["sh"] } });
    expect(parseJson(document.bytes)).toEqual({
      architecture: "amd64",
      "X-Tool": { Config: 1 },
      config: { Env: ["A=b"], Hostname: "kept", Cmd: ["sh"] },
      rootfs: { type: "layers" },
    });
  });

  it("is the very same document when nothing changes", () => {
    const document = read(written);
    expect(rewriteConfig(document, { settings: { Env: ["A=b"] } })).toBe(document);
  });
});

describe("a configuration with an empty rootfs, as BuildKit writes for no layers", () => {
  it("says the type beside the diffIDs that it gets", () => {
    const before = read({ architecture: "arm64", os: "linux", created: null, rootfs: {} });
    const rootfs = { ...before.value.rootfs, diff_ids: ["sha256:" + "a".repeat(64)] } as never;
    expect(parseJson(rewriteConfig(before, { image: { rootfs } }).bytes)).toEqual({
      architecture: "arm64",
      os: "linux",
      created: null,
      rootfs: { type: "layers", diff_ids: ["sha256:" + "a".repeat(64)] },
    });
  });
});
