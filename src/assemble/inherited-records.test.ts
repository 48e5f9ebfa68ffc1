// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import type { ImageConfig } from "../oci/documents/image-config.ts";
import { makeImageConfig } from "./image-config.ts";
import type { Recipe } from "./recipe/recipe.ts";

const base: ImageConfig = {
  architecture: "arm64",
  os: "linux",
  rootfs: { type: "layers", diff_ids: [] },
  config: {
    Labels: {
      "org.kataglyphis.run-id": "the base's run",
      "org.kataglyphis.parent-stage": "base",
      "org.kataglyphis.chain.inputs": "the base's inputs",
      "example.run": "the base's run, under a key of its own",
      "example.vendor": "we",
    },
  },
};
const recipe: Recipe = {
  platform: { os: "linux", architecture: "arm64" },
  base: "scratch",
  artifacts: {},
  layers: [],
};

it("labels that say where the base came from are not those of the image that is made on it", () => {
  const provenance = { keys: { runId: "example.run" } };
  const { config } = makeImageConfig({ ...recipe, provenance }, base, [], "2026-01-01T00:00:00Z");
  expect(config?.Labels).toEqual({
    "example.vendor": "we",
    "org.kataglyphis.run-id": "the base's run",
  });
});
